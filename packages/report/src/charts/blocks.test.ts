import { describe, expect, it } from 'vitest';
import type { BlockFacts } from '../facts.js';
import { wordsOf } from '../resource.js';
import { alphaChart, amountsChart } from './blocks.js';

const blocks: BlockFacts[] = [
  { index: 0, label: '0', matrices: 7, alpha: 2, interval: [1.5, 3] },
  { index: 1, label: '1', matrices: 7, alpha: 5, interval: [4, 40] },
  { index: 2, label: '2', matrices: 0 },
];

describe('alpha by block', () => {
  const { markup } = alphaChart(blocks, 'words', true);
  const percent = (attribute: string, tag: string): number[] =>
    [...markup.matchAll(new RegExp(`<${tag}[^>]* ${attribute}="([\\d.]+)%"`, 'g'))].map(
      ([, value]) => Number(value),
    );
  // From 1 to 6.5, the bound at 6 and half a unit.
  const place = (alpha: number): number => ((alpha - 1) / 5.5) * 100;

  it('places dots and intervals on the scale of the axis', () => {
    const [first, second] = percent('cx', 'circle');
    expect(first).toBeCloseTo(place(2), 1);
    expect(second).toBeCloseTo(place(5), 1);
    expect(percent('x1', 'line class="interval"')[0]).toBeCloseTo(place(1.5), 1);
    expect(percent('x2', 'line class="interval"')[0]).toBeCloseTo(place(3), 1);
    expect(percent('x1', 'line class="bound"').map(Math.round)).toEqual(
      [2, 6].map((alpha) => Math.round(place(alpha))),
    );
  });

  it('cuts a wild interval off, with an arrow and its numbers', () => {
    expect(percent('x2', 'line class="interval"')[1]).toBe(100);
    expect(markup).toContain('→');
    expect(markup).toContain('Block 1: alpha 5.00, 95 % interval 4.00 to 40.00');
  });

  it('has no bounds at a given cut', () => {
    const high = [{ ...blocks[0]!, alpha: 9 }, blocks[1]!];
    expect(alphaChart(high, 'words', true).markup).toContain('dot under');
    expect(alphaChart(high, 'words', false).markup).not.toMatch(/dot under|class="bound"|-trained/);
  });

  it('says where nothing was measured', () => {
    expect(markup).toContain('no matrix measured');
  });
});

describe('experts by block', () => {
  const allocated = { index: 0, score: 2, share: 0.5, experts: 4, topK: 2 };
  const { markup } = amountsChart({
    words: wordsOf('experts'),
    label: 'words',
    guide: [2, 'even share 2'],
    blocks: [
      {
        index: 0,
        label: '0',
        matrices: 7,
        alpha: 2,
        amount: 4,
        allocated: { ...allocated, robustness: { changed: 0.25, experts: [3, 6] } },
      },
      {
        index: 1,
        label: '1',
        matrices: 7,
        alpha: 2,
        amount: 0,
        allocated: { ...allocated, index: 1 },
      },
      { index: 2, label: '2', matrices: 7 },
    ],
  });

  it('draws bars, whiskers and the even share on one scale', () => {
    expect([...markup.matchAll(/<rect [^>]*width="([\d.]+)%"/g)].map(([, width]) => width)).toEqual(
      ['66.7', '0'],
    );
    expect(markup).toContain('<line class="whisker" x1="50%" x2="100%"');
    expect(markup).toContain('<line class="bound" x1="33.3%"');
    expect(markup).toContain(
      'Block 0: 4 experts, 95 % between 3 and 6, another number in 25 % of the draws',
    );
    expect(markup).toContain('not in the budget');
  });

  it('cuts a wild range off, with an arrow', () => {
    const wild = { ...allocated, robustness: { changed: 1, experts: [3, 40] as [number, number] } };
    const { markup: cut } = amountsChart({
      words: wordsOf('experts'),
      label: 'words',
      guide: [4, 'even share 4'],
      blocks: [{ index: 0, label: '0', matrices: 7, alpha: 2, amount: 4, allocated: wild }],
    });
    // To one and a half times the most that a block has.
    expect(cut).toContain('x1="50%" x2="100%"');
    expect(cut).toContain('→');
    expect(cut).toContain('95 % between 3 and 40');
  });

  it('leaves room for numbers that are no integers', () => {
    const { markup: sparse } = amountsChart({
      words: wordsOf('sparsity'),
      label: 'words',
      guide: [0.4, 'average'],
      blocks: [0.3, 0.5].map((amount, index) => ({
        index,
        label: String(index),
        matrices: 7,
        alpha: 2,
        amount,
      })),
    });
    // The largest reaches 1 / 1.08 of the width.
    expect([...sparse.matchAll(/<rect [^>]*width="([\d.]+)%"/g)].map(([, width]) => width)).toEqual(
      ['55.6', '92.6'],
    );
    expect(sparse).toContain('Block 1: a sparsity of 50.0 %');
    expect(sparse).not.toContain('whisker');
  });
});
