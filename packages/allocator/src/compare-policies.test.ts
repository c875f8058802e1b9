import type { Analysis, Scoring } from '@alphalora/contracts';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import type { BudgetOptions } from './budget/budget.js';
import { type Candidate, comparePolicies } from './compare-policies.js';
import { layersOf } from './layers.js';
import { policies } from './policies/index.js';

async function candidate(label: string, options: Record<string, unknown> = {}): Promise<Candidate> {
  const policy = await policies.load(label.split(':')[0]!);
  return { label, options, allocate: (job) => allocate({ ...job, policy }) };
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

function compare(
  candidates: Candidate[],
  analyses: Array<{ file: string; analysis: Analysis }>,
  budget: BudgetOptions,
) {
  const jobFor = (analysis: Analysis) => {
    return { layers: layersOf(analysis, { per: budget.per ?? 'block' }), budget };
  };
  return comparePolicies({ candidates, analyses, jobFor, reaggregated });
}

/** The middle of three alphas, or of as many as there are: enough for these models. */
function reaggregated(analysis: Analysis, scoring: Partial<Scoring>): Analysis {
  const blocks = analysis.blocks.map((block) => {
    const alphas = analysis.matrices
      .flatMap((row) => (row.status === 'ok' && row.block === block.index ? [row.alpha] : []))
      .sort();
    return { ...block, alpha: alphas[Math.floor(alphas.length / 2)]! };
  });
  return { ...analysis, options: { ...analysis.options, ...scoring }, blocks };
}

describe('policies on the same layers and budget', () => {
  it('are apart by the sum of their differences', async () => {
    const analyses = [{ file: 'a.json', analysis: model([[1], [3]]) }];
    const candidates = [
      await candidate('alphalora:beta=1', { beta: 1 }),
      await candidate('uniform'),
    ];
    const { policies, distances, layers } = await compare(candidates, analyses, { total: 8 });
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
      // Means 2 and 2; under any other rule, here, 1 and 2.
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
    const comparison = await compare(candidates, analyses, { total: 12 });
    // 6 and 6 become 4 and 8, and 3 and 9.
    expect(comparison.policies[0]!.sensitivity).toEqual([
      { change: { analysis: 'hill.json' }, distance: 6 },
      { change: { aggregate: 'median' }, distance: 4 },
      { change: { aggregate: 'trimmed' }, distance: 4 },
      { change: { aggregate: 'geometric' }, distance: 4 },
      { change: { beta: 2.5 }, distance: 0 },
      { change: { beta: 4 }, distance: 0 },
    ]);
    // What has no exponent is not asked about one.
    expect(comparison.policies[1]!.sensitivity.map(({ distance }) => distance)).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('of another resource are compared in it, projection by projection', async () => {
    const analyses = [{ file: 'a.json', analysis: model([[1, 3]]) }];
    const candidates = [await candidate('alphalora', { beta: 1 }), await candidate('uniform')];
    const budget = { unit: 'rank', per: 'projection', total: 4 } as const;
    const comparison = await compare(candidates, analyses, budget);
    expect(comparison.policies.map(({ amounts }) => amounts)).toEqual([
      [1, 3],
      [2, 2],
    ]);
    expect(comparison.layers.map(({ name }) => name)).toEqual(['h.0.w0.weight', 'h.0.w1.weight']);
  });
});
