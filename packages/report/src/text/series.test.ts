import { compareSeries } from '@alphalora/documents/comparison';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { analysisText } from './analysis.js';
import { seriesText } from './series.js';

/** Of two blocks; traps in the second one's projection. */
function checkpoint(name: string, alphas: [number, number], traps?: number) {
  const rows = alphas.map((alpha, i) =>
    measuredRow(`h.${i}.q_proj.weight`, alpha, {
      metrics: traps === undefined ? {} : { rand_num_spikes: i * traps },
    }),
  );
  const blocks = alphas.map((alpha) => ({
    alpha,
    interval: [alpha - 0.5, alpha + 0.5] as [number, number],
  }));
  return { name, analysis: analysisOf(rows, blocks) };
}

const options = { order: 'in the given order', top: 5 };

describe('a series as text', () => {
  const series = compareSeries([
    checkpoint('a', [5, 3], 0),
    checkpoint('b', [4, 3.5]),
    checkpoint('c', [2.5, 3.5], 2),
  ]);

  it('has a row for each block and one for the mean, and the traps', () => {
    expect(seriesText(series, options)).toBe(
      [
        '3 checkpoints, in the given order: a, b, c',
        '',
        'block  trend      a      b      c  change  95 % intervals',
        '    0  █▅▁    5.000  4.000  2.500  -2.500  apart',
        '    1  ▂▄▄    3.000  3.500  3.500  +0.500  overlap',
        ' mean  ▅▅▂    4.000  3.750  3.000  -1.000  -',
        'trend: alpha from the first checkpoint to the last, all on one scale (2.50 to 5.00); intervals: first and last',
        '',
        'correlation traps (rand_num_spikes): none at a, appeared at c with 2, in 1 of 2 matrices',
        'matrix             traps',
        'h.1.q_proj.weight  0 - 2  none at a, appeared at c with 2',
        'not measured at b: analyze --metrics randomised (or all)',
        '',
      ].join('\n'),
    );
  });

  it('has the first and the last checkpoint alone where the line is short', () => {
    const text = seriesText(series, options, { columns: 50 });
    expect(text).toContain('block  trend      a      c  change  95 % intervals\n');
  });

  it('gives no verdict on traps from a single measurement', () => {
    const given = [checkpoint('a', [5, 3]), checkpoint('b', [5, 3])];
    const text = seriesText(compareSeries([...given, checkpoint('c', [5, 3], 1)]), options);
    expect(text).toContain('): 1 at c, the only one measured, in 1 of 2 matrices\n');
    expect(text).toContain('h.1.q_proj.weight  - - 1  1 at c, the only one measured\n');
    expect(text).toMatch(/not measured at a, b: /);
    const none = seriesText(compareSeries([...given, checkpoint('c', [5, 3], 0)]), options);
    expect(none).toContain('): none at c, the only one measured (2 matrices)\n');
  });

  it('has no sign where a change rounds to zero', () => {
    const series = compareSeries([checkpoint('a', [5, 3]), checkpoint('b', [4.9999, 3.0001])]);
    const text = seriesText(series, options);
    expect(text).toContain('  5.000  5.000   0.000  overlap\n');
    expect(text).toContain('  3.000  3.000   0.000  overlap\n');
  });

  it('says how traps are measured where they were not', () => {
    const text = seriesText(
      compareSeries([checkpoint('a', [5, 3]), checkpoint('b', [4, 3])]),
      options,
    );
    expect(text).toMatch(
      /traps: not measured; analyze --metrics randomised \(or all\) measures them\n$/,
    );
  });
});

describe('the means of an analysis', () => {
  it('are told with the number of matrices, within the width', () => {
    const analysis = analysisOf([
      measuredRow('a', 2, { metrics: { norm: 1, stable_rank: 8.25 } }),
      measuredRow('b', 4, { metrics: { norm: 2000, entropy: 0.5 } }),
    ]);
    expect(analysisText(analysis, { columns: 34 })).toContain(
      'means over 2 matrices\n  alpha 3, stable_rank 8.25 (1),\n  norm 1001, entropy 0.500 (1)\n',
    );
  });
});
