import type { MatrixRow } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { analysisOf, failedRow, measuredRow } from '../testing/index.js';
import { type Checkpoint, inNaturalOrder, shortNames } from './checkpoints.js';
import { compareSeries } from './compare-series.js';
import { trapVerdict, trapVerdictText } from './traps.js';

/** Of two blocks with a projection each, and its number of traps. */
function checkpoint(
  name: string,
  alphas: [number, (number | undefined)?],
  traps: Array<number | undefined> = [],
  more: MatrixRow[] = [],
): Checkpoint {
  const rows = alphas.map((alpha, i) =>
    alpha === undefined
      ? failedRow(`h.${i}.q_proj.weight`)
      : measuredRow(`h.${i}.q_proj.weight`, alpha, {
          metrics: traps[i] === undefined ? {} : { rand_num_spikes: traps[i] },
        }),
  );
  const blocks = alphas.map((alpha) => (alpha === undefined ? { matrices: 0 } : { alpha }));
  return { name, analysis: analysisOf([...rows, ...more], blocks) };
}

const refusal = (...checkpoints: Checkpoint[]): string => {
  try {
    compareSeries(checkpoints);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a series of analyses', () => {
  it('has the alphas of every block by checkpoint, their change, and the mean', () => {
    const series = compareSeries([
      checkpoint('a', [5, 3]),
      checkpoint('b', [4, 3.5]),
      checkpoint('c', [2.5, 4]),
    ]);
    expect(series.blocks).toEqual([
      { index: 0, alpha: [5, 4, 2.5], change: -2.5 },
      { index: 1, alpha: [3, 3.5, 4], change: 1 },
    ]);
    expect(series.mean).toEqual({ blocks: 2, alpha: [4, 3.75, 3.25] });
    expect(series.checkpoints.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(series.traps).toBeUndefined();
    expect(series.options).toEqual({});
  });

  it('takes the mean over blocks that have an alpha at every checkpoint', () => {
    const series = compareSeries([checkpoint('a', [5, undefined]), checkpoint('b', [4, 1])]);
    expect(series.mean).toEqual({ blocks: 1, alpha: [5, 4] });
    expect(series.blocks[1]).toEqual({ index: 1, alpha: [null, 1] });
    expect(series.checkpoints.map(({ failed }) => failed)).toEqual([['h.1.q_proj.weight'], []]);
    expect(series.checkpoints[1]!.unmatched).toEqual(['h.1.q_proj.weight']);
  });

  it('says whether the intervals of the first and the last overlap', () => {
    const [a, b] = [checkpoint('a', [5, 3]), checkpoint('b', [4, 3])];
    a.analysis.blocks = [
      { index: 0, matrices: 1, alpha: 5, interval: [4.5, 5.5] },
      { index: 1, matrices: 1, alpha: 3, interval: [2.5, 3.5] },
    ];
    b.analysis.blocks = [
      { index: 0, matrices: 1, alpha: 4, interval: [3.6, 4.4] },
      { index: 1, matrices: 1, alpha: 3, interval: [2.9, 3.1] },
    ];
    expect(compareSeries([a, b]).blocks.map(({ overlap }) => overlap)).toEqual([false, true]);
  });

  it('names options that change alphas, and no others', () => {
    const [a, b, c] = [checkpoint('a', [5]), checkpoint('b', [5]), checkpoint('c', [5])];
    b.analysis.options = { ...b.analysis.options, estimator: 'hill', seed: 7 };
    c.analysis.options = { ...c.analysis.options, tailShare: 0.25 };
    expect(compareSeries([a, b, c]).options).toEqual({
      estimator: ['ks', 'hill', 'ks'],
      tailShare: [undefined, undefined, 0.25],
    });
  });

  it('refuses what is not one model, with the reason', () => {
    const a = checkpoint('a', [5, 3]);
    const other = (change: (given: Checkpoint['analysis']) => void): Checkpoint => {
      const made = structuredClone(checkpoint('b', [5, 3]));
      change(made.analysis);
      return made;
    };
    expect(refusal(a)).toMatch(/takes two or more/);
    expect(refusal(a, checkpoint('b', [4, 2]), a)).toBe('a is given twice');
    expect(refusal(a, checkpoint('b', [5]))).toMatch(/number of blocks of a is 2, that of b 1/);
    const withStack = other(({ model }) => Object.assign(model, { stack: 'vision' }));
    expect(refusal(a, withStack)).toMatch(
      /main stack of a is none, that of b vision: give analyses/,
    );
    const gpt = other(({ model }) => Object.assign(model, { architecture: 'Gpt' }));
    expect(refusal(a, gpt)).toMatch(/the architecture of a is none, that of b Gpt/);
    const wide = other(({ matrices }) => Object.assign(matrices[1]!, { shape: [4, 8] }));
    expect(refusal(a, wide)).toMatch(/h.1.q_proj.weight is 4 x 4 in a and 4 x 8 in b/);
    const part = other((analysis) => Object.assign(analysis, { shard: { index: 1, count: 2 } }));
    expect(refusal(a, part)).toMatch(/b is one part of an analysis: join all parts/);
    const names = other(({ matrices }) => {
      for (const row of matrices) Object.assign(row, { name: `x.${row.name}`, role: 'v_proj' });
    });
    expect(refusal(a, names)).toMatch(/b has no measured matrix in common with a/);
  });

  it('counts correlation traps per matrix and together', () => {
    const { traps } = compareSeries([
      checkpoint('a', [5, 3], [0, 2]),
      checkpoint('b', [5, 3]),
      checkpoint('c', [5, 3], [1, 1]),
    ]);
    expect(traps).toMatchObject({
      metric: 'rand_num_spikes',
      unmeasured: ['b'],
      model: { verdict: 'stayed', first: 2, last: 2, most: 2, counts: [2, null, 2] },
      incomplete: [],
    });
    expect(traps!.matrices).toEqual([
      {
        ...{ name: 'h.0.q_proj.weight', block: 0, role: 'q_proj' },
        ...{
          verdict: 'appeared',
          since: 'c',
          from: 'a',
          to: 'c',
          first: 0,
          last: 1,
          most: 1,
          counts: [0, null, 1],
        },
      },
      {
        ...{ name: 'h.1.q_proj.weight', block: 1, role: 'q_proj' },
        ...{
          verdict: 'shrank',
          from: 'a',
          to: 'c',
          first: 2,
          last: 1,
          most: 2,
          counts: [2, null, 1],
        },
      },
    ]);
  });

  it('leaves matrices out of the sum that one checkpoint does not know', () => {
    const { traps } = compareSeries([
      checkpoint('a', [5, 3], [0, 9]),
      checkpoint('b', [5, 3], [0, undefined]),
    ]);
    expect(traps!.model).toMatchObject({ verdict: 'none', counts: [0, 0] });
    expect(traps!.incomplete).toEqual(['h.1.q_proj.weight']);
  });
});

describe('the verdict on traps', () => {
  it.each([
    [[0, 0, 0], { verdict: 'none' }],
    [[0, 1, 3], { verdict: 'appeared', since: 'b', last: 3 }],
    [[0, 1, 0, 2], { verdict: 'appeared', since: 'd' }],
    [[2, 1, 0], { verdict: 'gone', since: 'c', most: 2 }],
    [[0, 4, 0], { verdict: 'gone', since: 'c', first: 0, most: 4 }],
    [[1, 0, 2], { verdict: 'grew', first: 1, last: 2 }],
    [[2, null, 1], { verdict: 'shrank' }],
    [[2, 5, 2], { verdict: 'stayed', most: 5 }],
    [[null, 0, 1], { verdict: 'appeared', since: 'c', from: 'b', first: 0 }],
    [[null, null, 1], { verdict: 'single', from: 'c', to: 'c', first: 1, last: 1 }],
    [[0, null, null], { verdict: 'single', from: 'a', to: 'a', most: 0 }],
  ])('of %j', (counts, expected) => {
    expect(trapVerdict(['a', 'b', 'c', 'd'], counts)).toMatchObject(expected);
  });

  it.each([
    [[null, null, 1], '1 at c, the only one measured'],
    [[null, 0, null], 'none at b, the only one measured'],
    [[null, 0, 0], 'none from b to c'],
    [[0, 1, 3], 'none at a, appeared at b, 3 at c'],
    [[0, null, 3], 'none at a, appeared at c with 3'],
    [[0, 4, 0], 'none at a, 4 at most, gone since c'],
    [[null, 4, 0], '4 at b, gone since c'],
    [[null, 1, 1], 'stayed, 1 at b and c'],
    [[1, 2, null], 'grew from 1 at a to 2 at b'],
  ])('of %j is in words: %s', (counts, words) => {
    expect(trapVerdictText(trapVerdict(['a', 'b', 'c'], counts)!)).toBe(words);
  });

  it('is none where nothing is known', () => {
    expect(trapVerdict(['a', 'b'], [null, null])).toBeUndefined();
  });
});

describe('the order and the names of checkpoints', () => {
  it('count as people do', () => {
    const names = ['step-1000', 'step-90', 'epoch-2/step-1', 'step-900', 'epoch-10/step-1'];
    expect(inNaturalOrder(names.map((name) => ({ name }))).map(({ name }) => name)).toEqual([
      ...['epoch-2/step-1', 'epoch-10/step-1', 'step-90', 'step-900', 'step-1000'],
    ]);
  });

  it.each([
    [
      ['out/step-1.json', 'out/step-2.json'],
      ['step-1', 'step-2'],
    ],
    [
      ['r/step-1/a.json', 'r/step-2/a.json'],
      ['step-1', 'step-2'],
    ],
    [
      ['a/x/z.json', 'b/y/z.json'],
      ['a/x', 'b/y'],
    ],
    [
      ['a.json', 'b/a.json'],
      ['a', 'b/a'],
    ],
    [
      ['C:\\r\\1.json', 'C:\\r\\2.json'],
      ['1', '2'],
    ],
    [['only.json'], ['only.json']],
    [
      ['a.json', 'a'],
      ['a.json', 'a'],
    ],
  ])('of %j', (paths, expected) => {
    expect(shortNames(paths)).toEqual(expected);
  });
});
