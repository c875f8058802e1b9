import {
  analysisOf,
  failedRow,
  llamaLike,
  measuredRow,
  projectionAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { remarks, shortcomings } from './notes.js';

describe('remarks', () => {
  it('name layers at the largest rank that their matrices allow', () => {
    const capped = projectionAllocation('rank', [
      ['model.layers.0.k_proj.weight', 0, 2, { inputs: 16, outputs: 2, cap: 2 }],
      ['model.layers.0.q_proj.weight', 0, 6],
    ]);
    expect(remarks(capped)).toBe(
      '1 layer has the largest rank that the smaller side of a matrix allows: model.layers.0.k_proj.weight (2)\n',
    );
  });

  it('name matrices that are smaller than the rank of their experts', () => {
    const experts = projectionAllocation(
      'experts',
      [
        ['model.layers.0.k_proj.weight', 0, 2, { inputs: 16, outputs: 2 }],
        ['model.layers.0.q_proj.weight', 0, 2],
      ],
      { parameters: { rank: 8, trainable: 1 } },
    );
    expect(remarks(experts)).toMatch(
      /^rank 8 of an expert is above the smaller side of 1 of its matrices.*--rank 2 fits all: model\.layers\.0\.k_proj\.weight\n$/,
    );
  });

  it('are none where there is nothing to say', () => {
    expect(remarks(projectionAllocation('rank', llamaLike))).toBe('');
  });
});

it('quantized matrices are told: their alphas are not those of the original', () => {
  const rows = [
    measuredRow('h.0.q.weight', 2, { dtype: 'Q4_1' }),
    measuredRow('h.0.k.weight', 2, { dtype: 'Q8_0' }),
    measuredRow('h.0.v.weight', 2),
  ];
  const analysis = analysisOf(rows, [{ alpha: 2 }]);
  expect(shortcomings(analysis)).toMatch(/^note: 2 of 3 matrices are quantized \(Q4_1; Q8_0\): /m);
  expect(shortcomings(analysisOf(rows.slice(2), [{ alpha: 2 }]))).toBe('');
  const scaled = measuredRow('h.0.o.weight', 2, { quantization: 'FP8, one scale' });
  expect(shortcomings(analysisOf([...rows, scaled], [{ alpha: 2 }]))).toMatch(
    /^note: 3 of 4 matrices are quantized \(Q4_1; Q8_0; FP8, one scale\): /m,
  );
});

it('a note names the spectra that are shorter than the tail', () => {
  const rows = [8, 12, 20].map((tail, i) => measuredRow(`h.0.w${i}.weight`, 2, { tail }));
  const analysis = analysisOf(rows, [{ alpha: 2 }], { tail: 20 });
  expect(shortcomings(analysis)).toBe(
    'note: 2 of 3 matrices have fewer eigenvalues than the tail of 20, and all of theirs were fitted: ' +
      'h.0.w1.weight (12), h.0.w0.weight (8)\n',
  );
  expect(shortcomings(analysisOf(rows, [{ alpha: 2 }]))).toBe('');
});

it('notes on alphas are left out where another metric judges', () => {
  const odd = {
    weak: 'too few eigenvalues',
    thin: 'yes',
    imprecise: 'yes',
    misfit: 'no power law',
  };
  const rows = [measuredRow('h.0.q.weight', 2, odd), failedRow('h.0.k.weight')];
  const analysis = analysisOf(rows, [{ alpha: 2 }]);
  expect(shortcomings(analysis)).toMatch(/^weak: h\.0\.q\.weight: too few/m);
  expect(shortcomings(analysis)).toMatch(/alphas/);
  expect(shortcomings(analysis, { scoredBy: 'snr' })).toMatch(/^failed: h\.0\.k\.weight: .*\n$/);
});

it('an allocation says on what share of the parameters its scores rest', () => {
  const allocation = projectionAllocation('rank', llamaLike);
  expect(remarks({ ...allocation, covers: 0.625 })).toMatch(
    /^note: the scores rest on 62\.5 % of the parameters of the projections; /,
  );
});
