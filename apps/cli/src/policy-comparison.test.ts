import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import type { AllocatingOptions } from './allocating.js';
import { parsePolicies } from './commands/compare-policies.js';
import { policyComparisonText } from './output/policy-comparison.js';
import { openBuiltIn } from './plugins/built-in.js';
import { comparePolicies } from './policy-comparison.js';

const options: AllocatingOptions = {
  unit: 'experts',
  per: 'block',
  total: 8,
  set: {},
  policyTimeout: 1,
  rounding: 'largest-remainder',
  topK: 2,
  rank: 8,
  seed: 0,
};

async function candidate(label: string, set: Record<string, unknown> = {}) {
  const policy = await openBuiltIn(label.split(':')[0]!, new AbortController().signal);
  return { label, set, policy };
}

/** Blocks by the alphas of their projections. */
function model(alphas: number[][], estimator = 'fix-finger') {
  const matrices = alphas.flatMap((block, index) =>
    block.map((alpha, i) => measuredRow(`h.${index}.w${i}.weight`, alpha)),
  );
  const means = alphas.map((block) => ({
    alpha: block.reduce((sum, alpha) => sum + alpha, 0) / block.length,
  }));
  return analysisOf(matrices, means, { estimator });
}

describe('policies on the same layers and budget', () => {
  it('are apart by the sum of their differences', async () => {
    const analyses = [{ file: 'a.json', analysis: model([[1], [3]]) }];
    const candidates = [
      await candidate('alphalora:beta=1', { beta: 1 }),
      await candidate('uniform'),
    ];
    const { policies, distances, layers } = await comparePolicies(candidates, analyses, options);
    // A quarter and three quarters of 8, against 4 each.
    expect(policies.map(({ amounts }) => amounts)).toEqual([
      [2, 6],
      [4, 4],
    ]);
    expect(distances).toEqual([
      [0, 4],
      [4, 0],
    ]);
    expect(layers).toEqual([
      { block: 0, score: 1 },
      { block: 1, score: 3 },
    ]);
    // Of maps 4 x 4: 8 (4 + 4) + 4 for each of the 8 experts.
    expect(policies.map(({ parameters }) => parameters!.trainable)).toEqual([544, 544]);
  });

  it('move with the aggregate, the estimator and the exponent, each by itself', async () => {
    const analyses = [
      // Means 2 and 2; medians, and means without the extremes, 1 and 2.
      {
        file: 'a.json',
        analysis: model([
          [1, 1, 4],
          [2, 2, 2],
        ]),
      },
      // Means 1 and 3.
      { file: 'hill.json', analysis: model([[1], [3]], 'hill') },
    ];
    const candidates = [await candidate('alphalora', { beta: 1 }), await candidate('uniform')];
    const twelve = { ...options, total: 12 };
    const comparison = await comparePolicies(candidates, analyses, twelve);
    // 6 and 6 become 4 and 8, and 3 and 9.
    expect(comparison.policies[0]!.sensitivity).toEqual([
      { change: { analysis: 'hill.json' }, distance: 6 },
      { change: { aggregate: 'median' }, distance: 4 },
      { change: { aggregate: 'trimmed' }, distance: 4 },
      { change: { beta: 2.5 }, distance: 0 },
      { change: { beta: 4 }, distance: 0 },
    ]);
    // What has no exponent is not asked about one.
    expect(comparison.policies[1]!.sensitivity.map(({ distance }) => distance)).toEqual([0, 0, 0]);
    const text = policyComparisonText(comparison);
    expect(text).toMatch(/estimator hill {2}aggregate median {2}aggregate trimmed {2}beta 2.5/);
    expect(text).toMatch(/\nuniform +0 +0 +0 +- +-\n/);
    expect(text).toMatch(/\n +total +12 +12\n/);
  });

  it('of another resource are compared in it, projection by projection', async () => {
    const analyses = [{ file: 'a.json', analysis: model([[1, 3]]) }];
    const ranks = { ...options, unit: 'rank', per: 'projection', total: 4 } as const;
    const candidates = [await candidate('alphalora', { beta: 1 }), await candidate('uniform')];
    const comparison = await comparePolicies(candidates, analyses, ranks);
    expect(comparison.policies.map(({ amounts }) => amounts)).toEqual([
      [1, 3],
      [2, 2],
    ]);
    expect(comparison.layers.map(({ name }) => name)).toEqual(['h.0.w0.weight', 'h.0.w1.weight']);
    expect(policyComparisonText(comparison)).toMatch(/^rank by projection/);
  });
});

describe('the list of policies', () => {
  it('has references, and options behind colons', () => {
    const list = parsePolicies('alphalora:beta=1,mola:groups=[2,4],C:\\own\\p.mjs:a=b:c=2, ./q.js');
    expect(list.map(({ reference, set }) => [reference, set])).toEqual([
      ['alphalora', { beta: 1 }],
      ['mola', { groups: [2, 4] }],
      ['C:\\own\\p.mjs', { a: 'b', c: 2 }],
      ['./q.js', {}],
    ]);
    expect(list[1]!.written).toBe('mola:groups=[2,4]');
  });

  it.each(['', 'a,,b', 'a,a', ':beta=1'])('%j is refused', (text) => {
    expect(() => parsePolicies(text)).toThrow(/--policies/);
  });
});
