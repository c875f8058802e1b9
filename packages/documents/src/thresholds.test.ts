import { describe, expect, it } from 'vitest';
import { analysisOf, failedRow, measuredRow, skippedRow } from './testing/index.js';
import { crossings, parseThreshold, requireMeasured } from './thresholds.js';

const analysis = analysisOf(
  [
    measuredRow('h.0.q_proj.weight', 2.5, { metrics: { stable_rank: 1.5 } }),
    measuredRow('h.0.k_proj.weight', 7.12, { metrics: { stable_rank: 4 } }),
    measuredRow('h.1.q_proj.weight', 9, { metrics: { stable_rank: 3 }, fingers: 2 }),
    failedRow('h.1.k_proj.weight'),
    skippedRow('norm.weight'),
    skippedRow('h.2.q_proj.weight', { shard: 2 }),
  ],
  [{ alpha: 4.81, spread: 3.27 }, { alpha: 9 }],
);

const crossed = (text: string) => crossings(analysis, parseThreshold(text));

describe('parseThreshold', () => {
  it.each([
    ['alpha>6', { name: 'alpha', comparison: '>', limit: 6 }],
    ['block.spread >= 0.8', { name: 'block.spread', comparison: '>=', limit: 0.8 }],
    ['log_norm<-1.5e-3', { name: 'log_norm', comparison: '<', limit: -0.0015 }],
    ['failed<=0', { name: 'failed', comparison: '<=', limit: 0 }],
  ])('%s', (text, expected) => {
    expect(parseThreshold(text)).toEqual({ text, ...expected });
  });

  it.each(['', 'alpha', 'alpha=6', 'alpha>', 'alpha=>6', '>6', 'alpha>six', 'block.range>1'])(
    'refuses "%s" and says what is possible',
    (text) => {
      expect(() => parseThreshold(text)).toThrow(/such as alpha>6.*block\.spread/);
    },
  );
});

describe('requireMeasured', () => {
  it('knows fields, blocks, counts, and the metrics that will be computed', () => {
    const check = (text: string, metrics: string[]) => () =>
      requireMeasured([parseThreshold(text)], metrics);
    for (const text of ['lambda>1', 'block.spread>1', 'skipped>1', 'num_spikes>1'])
      expect(check(text, ['num_spikes'])).not.toThrow();
    expect(check('num_spikes>1', ['stable_rank'])).toThrow(
      /a "num_spikes"; it knows alpha, .*stable_rank, block\.alpha/,
    );
  });
});

describe('fits that say nothing', () => {
  const weak = measuredRow('h.0.q_proj.weight', 1e6, { weak: 'flat', metrics: { norm: 9 } });
  const some = analysisOf([weak, measuredRow('h.0.k_proj.weight', 3)]);
  it.each<[string, number]>([
    ...([
      ['alpha>6', 0],
      ['stderr>0.1', 1],
      ['norm>6', 1],
      ['weak>0', 1],
    ] as [string, number][]),
  ])('%s is crossed %d times', (text, times) => {
    expect(crossings(some, parseThreshold(text))).toHaveLength(times);
  });
});

describe('crossings', () => {
  it.each<[string, Array<[string, number]>]>([
    [
      'alpha>6',
      [
        ['h.1.q_proj.weight', 9],
        ['h.0.k_proj.weight', 7.12],
      ],
    ],
    ['alpha>9', []],
    ['alpha>=9', [['h.1.q_proj.weight', 9]]],
    ['stable_rank<2', [['h.0.q_proj.weight', 1.5]]],
    [
      'stable_rank<=3',
      [
        ['h.0.q_proj.weight', 1.5],
        ['h.1.q_proj.weight', 3],
      ],
    ],
    ['fingers>0', [['h.1.q_proj.weight', 2]]],
    ['block.alpha>8', [['block 1', 9]]],
    ['block.spread>3', [['block 0', 3.27]]],
    ['failed>0', [['the analysis', 1]]],
    // What another shard measures is not skipped.
    ['skipped>=1', [['the analysis', 1]]],
    ['skipped>=2', []],
  ])('%s', (text, expected) => {
    expect(crossed(text).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it('refuses a name that nothing has, and lists those that exist', () => {
    expect(() => crossed('lambda>1')).toThrow(
      /nothing in this analysis has a "lambda"; it knows alpha, .*stable_rank.*block\.spread/,
    );
  });

  it('does not mistake a failed analysis for a wrong name', () => {
    const failed = analysisOf([failedRow('h.0.q_proj.weight')], [{}]);
    expect(crossings(failed, parseThreshold('alpha>6'))).toEqual([]);
    expect(crossings(failed, parseThreshold('failed>0'))).toHaveLength(1);
  });
});
