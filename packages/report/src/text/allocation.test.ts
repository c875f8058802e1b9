import type { Allocation } from '@alphalora/contracts';
import {
  allocationOf,
  llamaLike,
  projectionAllocation,
  valueAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { allocationText } from './allocation.js';

const shown = (allocation: Allocation, columns = 100): string =>
  allocationText(allocation, { columns });
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

describe('an allocation per block', () => {
  it('of experts has the exponents that were planted, top-k and a bar of one character each', () => {
    const text = allocationText(
      allocationOf([1, 3], { parameters: { rank: 4, trainable: 12_345 } }),
      {},
      [2.5, 3.25],
    );
    expect(text).toBe(
      'block  planted  alpha  experts  top-k\n' +
        '    0    2.500  2.000        1      1  █\n' +
        '    1    3.250  2.000        3      1  ███\n\n' +
        '4 experts in 2 blocks (alphalora, beta=2.5, largest-remainder), ' +
        '12,345 trainable parameters at rank 4\n',
    );
  });

  it('calls what the policy looked at by its name', () => {
    const text = allocationText(allocationOf([1]), {}, undefined, 'score');
    expect(text).toMatch(/^block {2}score {2}experts/);
  });

  it('of ranks has no top-k', () => {
    const ranks: Allocation = {
      ...allocationOf([1, 1], { parameters: { rank: 12, trainable: 2000 } }),
      budget: { unit: 'rank', total: 16 },
    };
    ranks.blocks = ranks.blocks.map((block, i) => ({ ...block, rank: [4, 12][i]! }));
    const text = shown(ranks);
    expect(text).toMatch(/^block {2}alpha {2}rank\n/);
    expect(text).toMatch(/^ +1 +2\.000 +12 {2}█{12}$/m);
    expect(lastLine(text)).toBe(
      'total rank 16 in 2 blocks (alphalora, beta=2.5, largest-remainder), ' +
        '2,000 trainable parameters',
    );
  });

  it.each([
    [
      'bits',
      [2, 4, 3],
      { measure: 'average', total: 3 },
      / 0 +3\.000 +2 {2}██$/m,
      'average 3 bits in 3 blocks (alphapruning)',
    ],
    [
      'bits',
      [2, 4, 4],
      { measure: 'average', total: 4 },
      / 1 +2\.000 +4 {2}████$/m,
      'average 3.33 bits of at most 4 in 3 blocks (alphapruning)',
    ],
    [
      'sparsity',
      [0.25, 0.5, 1],
      { total: 1.75 },
      / 1 +2\.000 +0\.500 {2}█{20}$/m,
      'total sparsity 1.750 in 3 blocks (alphapruning)',
    ],
    [
      'learning-rate',
      [0.5, 1, 1.5],
      {},
      / 2 +1\.000 +1\.500 {2}█{40}$/m,
      'factors of learning-rate from 0.500 to 1.500 in 3 blocks (alphapruning)',
    ],
  ] as const)('of %s scales its bars to the largest', (unit, values, budget, row, end) => {
    const allocation = valueAllocation(unit, values);
    const text = shown({ ...allocation, budget: { unit, ...budget } });
    expect(text).toMatch(row);
    expect(lastLine(text)).toBe(end);
  });

  it('weighs an average by the sizes of the blocks, where they are known', () => {
    const sizes = [100, 300];
    const text = shown({
      ...valueAllocation('sparsity', [0.8, 0.4]),
      budget: { unit: 'sparsity', measure: 'average', total: 0.5 },
      projections: sizes.map((inputs, block) => ({
        name: `${block}.w`,
        block,
        inputs,
        outputs: 1,
        value: [0.8, 0.4][block]!,
      })),
    });
    // (100 * 0.8 + 300 * 0.4) / 400
    expect(lastLine(text)).toMatch(/^average sparsity 0\.500 in 2 blocks/);
  });

  it('states a budget in parameters with what was used of it', () => {
    const text = shown(
      allocationOf([1, 3], {
        budget: { unit: 'experts', measure: 'parameters', total: 1_000_000 },
        parameters: { rank: 8, trainable: 999_424 },
        policy: { name: 'mola', version: '1', options: { groups: [2, 4] } },
      }),
    );
    expect(lastLine(text)).toBe(
      '999,424 of at most 1,000,000 trainable parameters, 4 experts in 2 blocks ' +
        '(mola, groups=[2,4], largest-remainder) at rank 8',
    );
  });
});

describe('an allocation per projection', () => {
  const ranks = projectionAllocation('rank', llamaLike);

  it('is a matrix of blocks and roles', () => {
    expect(shown(ranks)).toBe(
      'block  alpha  q_proj  up_proj  sum\n' +
        '    0  2.000       2        4    6  ██████\n' +
        '    1  3.000       6        3    9  █████████\n' +
        '    2  4.000       1        0    1  █\n\n' +
        'total rank 16 in 6 projections of 3 blocks (alphalora, largest-remainder)\n',
    );
  });

  it('grows narrow: shorter roles, then no bars', () => {
    expect(shown(ranks, 40)).toMatch(/^block {2}alpha {2}q {2}up {2}sum\n.* 6 {2}█+\n/);
    expect(shown(ranks, 35)).not.toContain('█');
  });

  it('averages what does not add up, weighted by size', () => {
    const bits = valueAllocation('bits', [0, 0]);
    const text = shown({
      ...bits,
      budget: { unit: 'bits', per: 'projection', measure: 'average', total: 4 },
      blocks: bits.blocks.map(({ index, score }) => ({ index, score })),
      projections: [
        { name: '0.q', block: 0, role: 'q', inputs: 10, outputs: 10, value: 8 },
        { name: '0.v', block: 0, role: 'v', inputs: 30, outputs: 10, value: 2 },
        { name: '1.q', block: 1, role: 'q', inputs: 10, outputs: 10, value: 4 },
        { name: '1.v', block: 1, role: 'v', inputs: 30, outputs: 10, value: 4 },
      ],
    });
    // (100 * 8 + 300 * 2) / 400 = 3.5
    expect(text).toMatch(/^ +0 +3\.000 +8 +2 +3\.50 {2}████$/m);
    expect(text).toMatch(/^ +1 +2\.000 +4 +4 +4 {2}████$/m);
    // (3.5 + 4) / 2, as both blocks have the same size
    expect(lastLine(text)).toMatch(/^average 3\.75 bits of at most 4 in 4 projections of 2 blocks/);
  });

  it('lists projections one by one where roles repeat or differ', () => {
    const experts = projectionAllocation('experts', [
      ['h.0.experts.0.up.weight', 0, 2, { score: 2.5 }],
      ['h.0.experts.1.up.weight', 0, 4],
      ['h.1.up.weight', 1, 1],
    ]);
    const text = shown(experts);
    expect(text).toMatch(/^projection +block +alpha +experts\n/);
    expect(text).toMatch(/^h\.0\.experts\.0\.up\.weight +0 +2\.500 +2 {2}██$/m);
    expect(text).toMatch(/^h\.1\.up\.weight +1 +- +1 {2}█$/m);
  });

  it('names what has no role by the end of its name', () => {
    const fused = [0, 1].flatMap((block) =>
      ['c_attn', 'c_proj'].map((part) => ({
        name: `transformer.h.${block}.attn.${part}.weight`,
        block,
        inputs: 4,
        outputs: 4,
        experts: 1,
        topK: 1,
        rank: 8,
      })),
    );
    const text = shown({
      ...allocationOf([2, 2], { projections: fused }),
      budget: { unit: 'experts', per: 'projection', total: 4 },
    });
    expect(text).toMatch(/^block +alpha +attn\.c_attn +attn\.c_proj +sum\n/);
  });
});

it('paints bars on terminals only', () => {
  const output = { hasColors: () => true };
  expect(allocationText(allocationOf([2]), output)).toContain('\x1b[36m██\x1b[39m');
  expect(shown(allocationOf([2]))).not.toContain('\x1b');
});
