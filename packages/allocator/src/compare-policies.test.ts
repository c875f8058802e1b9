import { type Analysis, defined, type Scoring } from '@alphalora/contracts';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import type { BudgetOptions } from './budget/budget.js';
import { type Candidate, comparePolicies } from './compare-policies.js';
import { parseScores } from './parse-scores.js';
import { policies } from './policies/index.js';
import { layersScoredBy, type ScoreSource, scoreSources } from './score-sources.js';

async function candidate(label: string, options: Record<string, unknown> = {}): Promise<Candidate> {
  const [, name = label, score] = /^(.*)@(.*)$/.exec(label) ?? [];
  const policy = await policies.load(name.split(':')[0]!);
  return {
    ...{ label: name, options, ...defined({ score }) },
    followsScore: policy.traits.monotone !== undefined,
    allocate: (job) => allocate({ ...job, policy }),
  };
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
  more: Omit<Parameters<typeof scoreSources>[0], 'analyses'> = {},
) {
  const jobFor = (source: ScoreSource) => {
    return { layers: layersScoredBy(source, { per: budget.per ?? 'block' }), budget };
  };
  const scores = scoreSources({ analyses, ...more });
  return comparePolicies({ candidates, scores, jobFor, reaggregated });
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
      { block: 0, scores: { 'fix-finger': 1 } },
      { block: 1, scores: { 'fix-finger': 3 } },
    ]);
    // Of maps 4 x 4: 8 (4 + 4) + 4 for each of the 8 experts.
    expect(policies.map(({ parameters }) => parameters!.trainable)).toEqual([544, 544]);
  });

  it('move with the aggregate and the exponent, each by itself', async () => {
    const analyses = [
      // Means 2 and 2; under any other rule, here, 1 and 2.
      {
        file: 'a.json',
        analysis: model([
          [1, 1, 4],
          [2, 2, 2],
        ]),
      },
    ];
    const candidates = [await candidate('alphalora', { beta: 1 }), await candidate('uniform')];
    const comparison = await compare(candidates, analyses, { total: 12 });
    // 6 and 6 become 4 and 8.
    expect(comparison.policies[0]!.sensitivity).toEqual([
      { change: { aggregate: 'median' }, distance: 4 },
      { change: { aggregate: 'trimmed' }, distance: 4 },
      { change: { aggregate: 'geometric' }, distance: 4 },
      { change: { beta: 2.5 }, distance: 0 },
      { change: { beta: 4 }, distance: 0 },
    ]);
    // What has no exponent is not asked about one.
    expect(comparison.policies[1]!.sensitivity.map(({ distance }) => distance)).toEqual([0, 0, 0]);
    expect(comparison).not.toHaveProperty('agreement');
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

describe('policies by several scores', () => {
  const analyses = [
    { file: 'a.json', analysis: model([[1], [3]]) },
    { file: 'b.json', analysis: model([[3], [1]], 'hill') },
  ];
  const scores = (...values: number[]) => [{ file: 'mine.csv', scores: parseScores(values) }];
  const columns = ({ policies: all }: Awaited<ReturnType<typeof compare>>) =>
    all.map(({ label, score, amounts }) => [label, score, amounts]);

  it('are a column each, those that no score changes a single one', async () => {
    const candidates = [await candidate('proportional'), await candidate('mola')];
    const comparison = await compare(candidates, analyses, { total: 8 }, { scores: scores(1, 1) });
    expect(columns(comparison)).toEqual([
      ['proportional@fix-finger', 'fix-finger', [2, 6]],
      ['proportional@hill', 'hill', [6, 2]],
      ['proportional@mine', 'mine', [4, 4]],
      // Groups of 2, 4, 6 and 8: of two blocks the first and the third.
      ['mola', undefined, [2, 6]],
    ]);
    expect(comparison.layers[0]!.scores).toEqual({ 'fix-finger': 1, hill: 3, mine: 1 });
    expect(comparison.scores.map(({ name, of, estimator }) => [name, of, estimator])).toEqual([
      ['fix-finger', 'alpha', 'fix-finger'],
      ['hill', 'alpha', 'hill'],
      ['mine', 'scores', undefined],
    ]);
    // Of opposite orders.
    expect(comparison.agreement!.correlations[0]).toMatchObject({
      ...{ a: 'fix-finger', b: 'hill', blocks: { count: 2, spearman: -1, few: true } },
    });
    // Only alphas have another aggregate.
    expect(comparison.policies.map(({ sensitivity }) => sensitivity.length)).toEqual([3, 3, 0, 3]);
  });

  it('may name theirs, also a metric, once however often', async () => {
    const measured = analyses.map(({ file, analysis }, i) => {
      const matrices = analysis.matrices.map((row, block) =>
        i === 0 && row.status === 'ok' ? { ...row, metrics: { norm: 1 + block } } : row,
      );
      return { file, analysis: { ...analysis, matrices } };
    });
    const candidates = [
      await candidate('proportional@norm'),
      await candidate('proportional@hill'),
      await candidate('proportional'),
    ];
    const comparison = await compare(candidates, measured, { total: 9 }, { metrics: ['norm'] });
    // Thirds of 9; without a name all scores but metrics.
    expect(columns(comparison).map(([label, , amounts]) => [label, amounts])).toEqual([
      ['proportional@norm', [3, 6]],
      ['proportional@hill', [7, 2]],
      ['proportional@fix-finger', [2, 7]],
    ]);
    const wrong = compare([await candidate('uniform@gradient')], analyses, { total: 8 });
    await expect(wrong).rejects.toThrow(
      'uniform@gradient: there is no score "gradient", only fix-finger, hill',
    );
  });

  it('leave out and tell the scores that they refuse, unless these are all or were named', async () => {
    const negative = { scores: scores(-1, 1) };
    const comparison = await compare(
      [await candidate('proportional')],
      analyses,
      { total: 8 },
      negative,
    );
    expect(comparison.policies.map(({ label }) => label)).toEqual([
      'proportional@fix-finger',
      'proportional@hill',
    ]);
    expect(comparison.omitted).toEqual([
      {
        ...{ label: 'proportional', score: 'mine' },
        reason: 'policy proportional needs scores of at least 0; layer 0 has -1',
      },
    ]);
    const named = compare([await candidate('proportional@mine')], analyses, { total: 8 }, negative);
    await expect(named).rejects.toThrow(/needs scores of at least 0/);
  });

  it('are of one model', async () => {
    const other = [analyses[0]!, { file: 'c.json', analysis: model([[1], [2], [3]], 'ks') }];
    await expect(compare([await candidate('uniform')], other, { total: 8 })).rejects.toThrow(
      'c.json has other layers (3) than a.json (2): give analyses and scores of one model',
    );
  });
});
