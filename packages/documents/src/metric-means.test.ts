import { describe, expect, it } from 'vitest';
import { metricMeans } from './metric-means.js';
import { analysisOf, failedRow, measuredRow, skippedRow } from './testing/index.js';

describe('means of metrics', () => {
  const analysis = analysisOf([
    measuredRow('h.0.q_proj.weight', 2, { metrics: { entropy: 0.5, stable_rank: 3 } }),
    measuredRow('h.0.k_proj.weight', 5, { metrics: { stable_rank: 6 } }),
    measuredRow('head.weight', 8, { metrics: { stable_rank: 9, norm: 1e308 } }),
    measuredRow('h.1.q_proj.weight', 99, { weak: 'no tail', metrics: { norm: 1.2e308 } }),
    failedRow('h.1.k_proj.weight'),
    skippedRow('norm.weight'),
  ]);

  it('are over the matrices that have the metric; weak fits have no alpha', () => {
    expect(metricMeans(analysis)).toEqual({
      alpha: { mean: 5, matrices: 3 },
      stable_rank: { mean: 6, matrices: 3 },
      entropy: { mean: 0.5, matrices: 1 },
      norm: { mean: 1.1e308, matrices: 2 },
    });
  });

  it('come in the order of WeightWatcher, then in that of the document', () => {
    expect(Object.keys(metricMeans(analysis))).toEqual(['alpha', 'stable_rank', 'entropy', 'norm']);
  });

  it('are none where nothing was measured', () => {
    expect(metricMeans(analysisOf([failedRow('a')]))).toEqual({});
  });
});
