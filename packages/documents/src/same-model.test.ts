import { describe, expect, it } from 'vitest';
import { linearMaps } from './linear-maps.js';
import { otherSource, requireAlike, requireSameModel } from './same-model.js';
import {
  allocationOf,
  analysisOf,
  llamaLike,
  measuredRow,
  projectionAllocation,
  skippedRow,
} from './testing/index.js';

// By default 16 inputs and 32 outputs.
const allocation = projectionAllocation('experts', llamaLike);
const rowsOf = (rename = (name: string) => name, rows = 32) =>
  llamaLike.map(([name, , , more]) =>
    measuredRow(rename(name), 3, { shape: [more?.outputs ?? rows, more?.inputs ?? 16] }),
  );
const checked = (matrices: Parameters<typeof analysisOf>[0], of = allocation) =>
  requireSameModel(analysisOf(matrices), of);

describe('an allocation and an analysis', () => {
  it('of one model have projections of the same shapes', () => {
    expect(() => checked(rowsOf())).not.toThrow();
    expect(() => checked(rowsOf((name) => `base.${name}`))).not.toThrow();
  });

  it('are refused where a shape differs or a projection is missing', () => {
    const error = (message: string) =>
      expect.objectContaining({ code: 'INVALID_DOCUMENT', message });
    const end = 'give an allocation and an analysis of the same model';
    expect(() => checked(rowsOf(undefined, 48))).toThrow(
      error(
        'model.layers.0.self_attn.q_proj.weight is 32 x 16 in the allocation and 48 x 16 in the ' +
          `analysis: ${end}`,
      ),
    );
    expect(() => checked(rowsOf().slice(0, -1))).toThrow(
      error(`model.layers.2.mlp.up_proj.weight of the allocation is not in the analysis: ${end}`),
    );
  });

  it('agree in what was skipped, stored the other way around, or measured in parts', () => {
    const name = 'h.0.attn.c_attn.weight';
    const fused = projectionAllocation('experts', [[name, 0, 2, { inputs: 16, outputs: 48 }]]);
    const place = { block: 0, kind: 'projection' } as const;
    const parts = ['q', 'k', 'v'].map((part) =>
      measuredRow(`${name}[${part}]`, 3, { ...place, shape: [16, 16], partOf: name }),
    );
    expect(() => checked(parts, fused)).not.toThrow();
    const stored = { ...place, role: 'c_attn' };
    expect(() =>
      checked([skippedRow(name, { ...stored, shape: [16, 48], inputFirst: true })], fused),
    ).not.toThrow();
    expect(() => checked([skippedRow(name, { ...stored, shape: [16, 48] })], fused)).toThrow(
      /is 48 x 16 in the allocation and 16 x 48 in the analysis/,
    );
  });

  it('say nothing where one of them knows no projections', () => {
    expect(() => checked([], allocation)).not.toThrow();
    expect(() => checked(rowsOf(), allocationOf([2, 3, 5]))).not.toThrow();
  });

  it('may be of other sources, which is told', () => {
    const analysis = analysisOf([]);
    expect(otherSource(analysis, {})).toBeUndefined();
    expect(otherSource(analysis, { model: { source: 'memory' } })).toBeUndefined();
    expect(otherSource(analysis, { model: { source: 'tuned' } })).toBe(
      'the allocation is for tuned, and the analysis is of memory',
    );
  });
});

it('a convolution is the map of its receptive field', () => {
  const [map] = linearMaps([measuredRow('h.0.conv.weight', 3, { shape: [64, 3, 7, 7] })]);
  expect(map!.module).toMatchObject({ inputs: 147, outputs: 64 });
});

describe('two analyses', () => {
  const named = (file: string, rows: ReturnType<typeof rowsOf>, source = '/model') => {
    const analysis = analysisOf(rows);
    return { file, analysis: { ...analysis, model: { ...analysis.model, source } } };
  };

  it('of one model have matrices of the same shapes', () => {
    expect(requireAlike(named('a', rowsOf()), named('b', rowsOf()))).toBeUndefined();
    const renamed = rowsOf((name) => `base.${name}`);
    expect(requireAlike(named('a', rowsOf()), named('b', renamed))).toBeUndefined();
  });

  it('of other sources are told', () => {
    expect(requireAlike(named('a', rowsOf()), named('b', rowsOf(), '/tuned'))).toBe(
      'a is of /model, and b of /tuned: make sure that both are the same model',
    );
  });

  it('are refused where a shape differs', () => {
    const [first] = llamaLike[0]!;
    expect(() => requireAlike(named('a', rowsOf()), named('b', rowsOf(undefined, 48)))).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: `${first} is 32 x 16 in a and 48 x 16 in b: give analyses of one model`,
      }),
    );
  });

  it('are refused where they have nothing in common', () => {
    const other = [measuredRow('strange', 3, { shape: [4, 4] })].map(
      ({ block: _, role: __, ...row }) => row,
    );
    expect(() => requireAlike(named('a', rowsOf()), named('b', other as never))).toThrow(
      'a and b have no weight in common: give analyses of one model',
    );
  });
});
