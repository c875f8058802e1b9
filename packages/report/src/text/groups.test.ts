import { describe, expect, it } from 'vitest';
import { grouped } from './groups.js';

const groupsOf = (names: string[], kindOf: (item: { name: string }) => string = () => '') =>
  grouped(
    names.map((name) => ({ name })),
    kindOf,
  ).map(({ name, items }) => [name, items.length]);

describe('names that differ in numbers', () => {
  it.each([
    [
      ['layers.0.q', 'layers.1.q', 'layers.2.q', 'norm'],
      [
        ['layers.{0..2}.q', 3],
        ['norm', 1],
      ],
    ],
    // The numbers of one matrix are its own.
    [['layers.7.experts.0.w1', 'layers.7.experts.1.w1'], [['layers.7.experts.{0..1}.w1', 2]]],
    [['a[0]', 'a[1]', 'a[3]'], [['a[{0..1,3}]', 3]]],
    [['h.9.w', 'h.10.w', 'h.11.w'], [['h.{9..11}.w', 3]]],
    [[0, 2, 4, 6, 8].map((i) => `h.${i}`), [['h.{0..8}', 5]]],
    // A digit that belongs to a word does not count anything.
    [
      ['x.w1', 'x.w3'],
      [
        ['x.w1', 1],
        ['x.w3', 1],
      ],
    ],
    [[], []],
  ])('%j', (names, expected) => {
    expect(groupsOf(names)).toEqual(expected);
  });

  it('stay apart where they are of different kinds', () => {
    const kindOf = ({ name }: { name: string }) => (name.includes('1') ? 'odd' : 'even');
    expect(groupsOf(['h.0', 'h.1', 'h.2', 'h.3'], kindOf)).toEqual([
      ['h.{0,2..3}', 3],
      ['h.1', 1],
    ]);
  });

  it('hold every item once, in its order', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `layers.${i % 50}.experts.${i % 100}.w`);
    const [group] = grouped(
      names.map((name) => ({ name })),
      () => '',
    );
    expect(group!.name).toBe('layers.{0..49}.experts.{0..99}.w');
    expect(group!.items.map(({ name }) => name)).toEqual(names);
  });
});
