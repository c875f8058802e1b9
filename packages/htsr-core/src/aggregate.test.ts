import type { Analysis, MatrixRow } from '@alphalora/contracts';
import type { WeightKind } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import {
  aggregateBlocks,
  aggregateStacks,
  alternativeScores,
  reaggregated,
  scoringOf,
} from './aggregate.js';

const row = (block: number, alpha: number, kind: WeightKind = 'projection'): MatrixRow => ({
  name: `${block}/${alpha}`,
  shape: [2, 2],
  dtype: 'F32',
  block,
  kind,
  status: 'ok',
  alpha,
  xmin: 1,
  ks: 0,
  tail: 2,
  stderr: 0,
  metrics: {},
});

describe('aggregateBlocks', () => {
  const rows = [row(0, 2), row(0, 3), row(0, 13), row(0, 99, 'router'), row(1, 4), row(1, 5)];

  it('takes the mean or the median of the projections only', () => {
    expect(aggregateBlocks(rows, 2, { aggregate: 'mean' }).map(({ alpha }) => alpha)).toEqual([
      6, 4.5,
    ]);
    expect(aggregateBlocks(rows, 2, { aggregate: 'median' }).map(({ alpha }) => alpha)).toEqual([
      3, 4.5,
    ]);
  });

  it('lists blocks without measurements, without an alpha', () => {
    expect(aggregateBlocks(rows, 3, { aggregate: 'mean' })[2]).toEqual({ index: 2, matrices: 0 });
  });

  it('leaves out fits that say nothing', () => {
    const weak = { ...row(0, 1e6), weak: 'flat' } as MatrixRow;
    expect(aggregateBlocks([...rows, weak], 2, { aggregate: 'mean' })).toEqual(
      aggregateBlocks(rows, 2, { aggregate: 'mean' }),
    );
    expect(aggregateBlocks([weak], 1, { aggregate: 'mean' })).toEqual([{ index: 0, matrices: 0 }]);
  });

  it('takes the mean without the ends, one at least where there are three', () => {
    const trimmed = (...alphas: number[]): number | undefined =>
      aggregateBlocks(
        alphas.map((alpha) => row(0, alpha)),
        1,
        { aggregate: 'trimmed' },
      )[0]!.alpha;
    expect(trimmed(2, 3, 13)).toBe(3);
    expect(trimmed(1, 13)).toBe(7);
    expect(trimmed(90, 1, 2, 3, 4, 5, 6, 7, 8, 99)).toBe((3 + 4 + 5 + 6 + 7 + 8) / 6);
  });

  it('takes the geometric mean of what alphas have above 1', () => {
    const geometric = (...alphas: number[]): number | undefined =>
      aggregateBlocks(
        alphas.map((alpha) => row(0, alpha)),
        1,
        { aggregate: 'geometric' },
      )[0]!.alpha;
    expect(geometric(2, 5)).toBeCloseTo(3, 12);
    // Of laws with a cut-off: exponents of 1 and below, of which their own mean is taken.
    expect(geometric(0.5, 2)).toBeCloseTo(1, 12);
  });

  it('counts a larger alpha as the cap, in draws as well, and says how many there are', () => {
    const capped = rows.map((each) => ({ ...each, draws: Array(40).fill(20) }) as MatrixRow);
    expect(aggregateBlocks(capped, 2, { aggregate: 'mean', cap: 8 })).toMatchObject([
      { alpha: 13 / 3, capped: 1, range: [2, 13], interval: [8, 8] },
      { alpha: 4.5, range: [4, 5] },
    ]);
    expect(aggregateBlocks(rows, 2, { aggregate: 'mean', cap: 8 })[1]).not.toHaveProperty('capped');
    const { without } = alternativeScores(rows, 2, { aggregate: 'mean', cap: 8 });
    expect(without.map(({ alpha, score }) => [alpha, score]).slice(0, 3)).toEqual([
      [2, 5.5],
      [3, 5],
      [13, 2.5],
    ]);
  });

  it.each([1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('a cap of %d is none', (cap) => {
    expect(() => scoringOf({ cap }, 'hill')).toThrow(/above 1/);
  });

  it('says how far the projections are apart', () => {
    expect(aggregateBlocks(rows, 2, { aggregate: 'mean' })).toMatchObject([
      { range: [2, 13], spread: Math.sqrt((16 + 9 + 49) / 2) },
      { range: [4, 5], spread: Math.sqrt(0.5) },
    ]);
  });
});

describe('other scores', () => {
  const drawn = (block: number, alpha: number, draws: number[]): MatrixRow =>
    ({ ...row(block, alpha), draws }) as MatrixRow;
  const rows = [drawn(0, 2, [1, 2, 3]), drawn(0, 4, [5, 6]), drawn(1, 3, [3, 4, 5])];

  it('aggregate the draws that all projections of the model have', () => {
    expect(alternativeScores(rows, 2, { aggregate: 'mean' }).draws).toEqual([
      [3, 3],
      [4, 4],
    ]);
  });

  it('are not a number for a block without an alpha, and those of the others stay', () => {
    const weak = { ...row(1, 1e6), weak: 'flat' } as MatrixRow;
    const { draws, without } = alternativeScores([...rows.slice(0, 2), weak], 2, {
      aggregate: 'mean',
    });
    expect(draws).toEqual([
      [3, Number.NaN],
      [4, Number.NaN],
    ]);
    expect(without.map(({ name }) => name)).toEqual(['0/2', '0/4']);
  });

  it('leave out one projection at a time, where another one is left', () => {
    expect(alternativeScores(rows, 2, { aggregate: 'mean' }).without).toEqual([
      { block: 0, name: '0/2', alpha: 2, score: 4 },
      { block: 0, name: '0/4', alpha: 4, score: 2 },
    ]);
  });

  it('are none without draws', () => {
    expect(alternativeScores([row(0, 2)], 1, { aggregate: 'mean' }).draws).toEqual([]);
    expect(alternativeScores([], 0, { aggregate: 'mean' })).toEqual({ draws: [], without: [] });
  });

  it('give a block an interval from 40 draws on', () => {
    const draws = Array.from({ length: 41 }, (_, i) => 2 + i / 40);
    const [block] = aggregateBlocks([drawn(0, 2.5, draws)], 1, { aggregate: 'median' });
    expect(block!.interval).toEqual([expect.closeTo(2.025, 9), expect.closeTo(2.975, 9)]);
  });
});

describe('reaggregated', () => {
  const matrices = [row(0, 2), row(0, 3), row(0, 13)];
  const analysis: Analysis = {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 'test', version: '1' },
    model: { source: 'memory', blocks: 1 },
    options: { estimator: 'ks', aggregate: 'mean', engine: 'wasm' },
    matrices,
    blocks: aggregateBlocks(matrices, 1, { aggregate: 'mean' }),
    timings: { seconds: 1 },
  };

  it('has the same measurements under another rule', () => {
    const { blocks, options, ...rest } = reaggregated(analysis, { aggregate: 'median' });
    expect(blocks[0]!.alpha).toBe(3);
    expect(options).toEqual({ ...analysis.options, aggregate: 'median' });
    const capped = reaggregated(analysis, { cap: 8 });
    expect(capped.options).toEqual({ ...analysis.options, cap: 8 });
    expect(reaggregated(capped, { aggregate: 'median' }).options.cap).toBe(8);
    // What an analysis was made with is not replaced by what its estimator has by default.
    const byHill = { ...analysis, options: { ...analysis.options, estimator: 'hill' } };
    expect(reaggregated(byHill, { cap: 8 }).options).toMatchObject({ aggregate: 'mean', cap: 8 });
    expect(rest.matrices).toBe(matrices);
    expect(analysis.blocks[0]!.alpha).toBe(6);
  });

  it('keeps an analysis whose rule it is, and refuses a part of one', () => {
    expect(reaggregated(analysis)).toBe(analysis);
    const part = { ...analysis, shard: { index: 1, count: 2 } };
    expect(() => reaggregated(part)).toThrow(/join all parts/);
  });
});

describe('aggregateStacks', () => {
  const beside = (stack: string, block: number, alpha: number): MatrixRow => {
    const { block: _, ...rest } = row(block, alpha);
    return { ...rest, name: `${stack}.${block}/${alpha}`, stack: { name: stack, block } };
  };
  const rule = { aggregate: 'mean' } as const;

  it('averages each stack by itself, in the order that is known', () => {
    const matrices = [
      ...[row(0, 2), row(0, 4), beside('visual', 0, 30), beside('mtp', 3, 8)],
      ...[beside('visual', 0, 50), beside('visual', 2, 7)],
    ];
    const stacks = [{ name: 'mtp', reason: 'why', blocks: [] }];
    const found = aggregateStacks({ matrices, model: { source: 'm', blocks: 1 }, stacks }, rule);
    expect(found.blocks).toEqual(aggregateBlocks([row(0, 2), row(0, 4)], 1, rule));
    expect(found.stacks!.map(({ name, reason }) => [name, reason])).toEqual([
      ['mtp', 'why'],
      ['visual', undefined],
    ]);
    expect(
      found.stacks!.map(({ blocks }) => blocks.map(({ index, alpha }) => [index, alpha])),
    ).toEqual([
      [[3, 8]],
      [
        [0, 40],
        [2, 7],
      ],
    ]);
  });

  it('says nothing of other stacks where there are none', () => {
    const found = aggregateStacks(
      { matrices: [row(0, 2)], model: { source: 'm', blocks: 1 } },
      rule,
    );
    expect(Object.keys(found)).toEqual(['blocks']);
  });

  it('marks the blocks of an encoder and its decoder', () => {
    const [encoder, decoder] = ['encoder', 'decoder'].map((name) => ({ name, block: 0 }));
    const matrices = [
      { ...row(0, 2), stack: encoder! },
      { ...row(1, 3), stack: decoder! },
    ];
    const { blocks } = aggregateStacks({ matrices, model: { source: 'm', blocks: 2 } }, rule);
    expect(blocks.map(({ stack }) => stack)).toEqual([encoder, decoder]);
  });
});
