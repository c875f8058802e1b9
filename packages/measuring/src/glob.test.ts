import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from './glob.js';

describe('globMatcher', () => {
  it.each([
    ['*', 'any.thing/at\nall', true],
    ['*.2.*', 'h.2.q', true],
    ['*.2.*', 'h.12.q', false],
    ['h.?.q', 'h.2.q', true],
    ['h.?.q', 'h.12.q', false],
    ['*{q,k}_proj*', 'h.0.k_proj.weight', true],
    ['*{q,k}_proj*', 'h.0.v_proj.weight', false],
    ['{a,b{c,d}}e', 'bde', true],
    ['{a,b{c,d}}e', 'be', false],
    ['{a', '{a', true],
    ['a,b}', 'a,b}', true],
    ['{}x', 'x', true],
    ['c_attn.weight[q]', 'c_attn.weight[q]', true],
    ['c_attn.weight[q]', 'c_attn.weightq', false],
    ['a.c', 'abc', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['', '', true],
    ['', 'a', false],
    ['**', '', true],
  ])('%s on %j: %s', (glob, name, expected) => {
    expect(globMatcher(glob)(name)).toBe(expected);
  });

  it('agrees with the regular expression of the pattern', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 8 });
    fc.assert(
      fc.property(glob, name, (pattern, text) => {
        const source = pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]');
        expect(globMatcher(pattern)(text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  it('takes at most a comparison for each pair of characters, whatever the number of stars', () => {
    const pattern = `${'*a'.repeat(50)}b`;
    const name = 'a'.repeat(2000);
    let compared = 0;
    expect(globMatcher(pattern, () => compared++)(name)).toBe(false);
    expect(compared).toBeLessThan(pattern.length * name.length);
  });

  it('refuses patterns that stand for too many', () => {
    expect(() => globMatcher('{a,b}'.repeat(64))).toThrow(/more than 1000 alternatives/);
  });
});
