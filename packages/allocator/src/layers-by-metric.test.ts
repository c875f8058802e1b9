/** Layers scored with a metric in place of alpha. */
import type { Analysis, MatrixRow } from '@alphalora/contracts';
import { analysisOf, failedRow, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import { layersOf } from './layers.js';
import { spectrum } from './policies/spectrum.js';

const row = (name: string, snr: number | undefined, more: object = {}): MatrixRow =>
  measuredRow(name, 3, { metrics: snr === undefined ? {} : { snr }, ...more });

const model = (...rows: MatrixRow[]): Analysis =>
  analysisOf(rows, [{ alpha: 3 }, { alpha: 3 }], { metrics: ['snr'] });

const scoresOf = (analysis: Analysis, per: 'block' | 'projection' = 'projection') =>
  layersOf(analysis, { per, scoredBy: 'snr' }).map(({ score }) => score);

describe('layersOf with scoredBy', () => {
  it('takes the metric of each projection, also where no fit says anything, and the mean of a block', () => {
    const analysis = model(
      row('h.0.q_proj.weight', 1),
      row('h.0.up_proj.weight', 4, { weak: 'no tail' }),
      row('h.1.q_proj.weight', 2),
      row('h.1.up_proj.weight', 6),
    );
    expect(scoresOf(analysis)).toEqual([1, 4, 2, 6]);
    expect(scoresOf(analysis, 'block')).toEqual([2.5, 4]);
    expect(layersOf(analysis, { per: 'projection', scoredBy: 'snr' })[1]).toMatchObject({
      scoredBy: 'snr',
      role: 'up_proj',
    });
  });

  it('takes the mean of the parts of a fused projection', () => {
    const part = (name: string, snr: number) => row(`h.0.c_attn.weight[${name}]`, snr, fused);
    const fused = { partOf: 'h.0.c_attn.weight', block: 0, kind: 'projection' };
    expect(scoresOf(model(part('q', 1), part('k', 3)))).toEqual([2]);
  });

  it('scores what lacks it with the mean of its role, and says so', async () => {
    const analysis = model(
      row('h.0.q_proj.weight', undefined),
      row('h.0.up_proj.weight', 9),
      row('h.1.q_proj.weight', 2),
      { ...failedRow('h.1.up_proj.weight'), block: 1, role: 'up_proj', kind: 'projection' },
    );
    const layers = layersOf(analysis, { per: 'projection', scoredBy: 'snr' });
    expect(layers.map(({ score, weak }) => [score, weak])).toEqual([
      [2, 'its snr is not finite'],
      [9, undefined],
      [2, undefined],
      [9, 'contains NaN'],
    ]);
    const { projections, scoredBy } = await allocate({
      layers,
      policy: spectrum,
      budget: { unit: 'selection', per: 'projection', measure: 'average', total: 0.5 },
    });
    expect(scoredBy).toBe('snr');
    expect(projections!.map(({ value, weak }) => [value, weak !== undefined])).toEqual([
      ...[
        [1, true],
        [1, false],
        [0, false],
        [0, true],
      ],
    ]);
  });

  it.each([
    [
      'that was not measured',
      analysisOf([measuredRow('h.0.q_proj.weight', 3)], [{ alpha: 3 }]),
      /does not have the metric snr: alphalora analyze \S+ --metrics snr -o analysis.json measures it/,
    ],
    [
      'of windows',
      analysisOf([row('h.0.q_proj.weight', 3)], [{ alpha: 3 }], { farms: {} }),
      /metric snr of windows \(FARMS\) is not that of a matrix/,
    ],
    [
      'that is not finite anywhere',
      model(row('h.0.q_proj.weight', undefined)),
      /no matrix of the analysis has a finite snr/,
    ],
  ])('refuses a metric %s', (_, analysis, message) => {
    expect(() => layersOf(analysis, { per: 'projection', scoredBy: 'snr' })).toThrow(message);
  });
});

it('other policies select what they give most to', async () => {
  const { alphalora } = await import('./policies/alphalora.js');
  const analysis = analysisOf(
    [2, 5, 3, 4].map((alpha, block) => measuredRow(`h.${block}.q_proj.weight`, alpha)),
    [2, 5, 3, 4].map((alpha) => ({ alpha })),
  );
  const { projections } = await allocate({
    layers: layersOf(analysis, { per: 'projection' }),
    policy: alphalora,
    budget: { unit: 'selection', per: 'projection', measure: 'average', total: 0.5 },
  });
  expect(projections!.map(({ value }) => value)).toEqual([0, 1, 0, 1]);
});
