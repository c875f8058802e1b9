import { describe, expect, it } from 'vitest';
import { compareAllocations } from './compare-allocations.js';
import { compareAnalyses } from './compare-analyses.js';
import {
  allocationOf,
  analysisOf,
  failedRow,
  llamaLike,
  measuredRow,
  projectionAllocation,
} from './testing/index.js';

const place = (block: number) => ({ block, role: 'q_proj' });
const up = { block: 0, role: 'up_proj' };

describe('two analyses', () => {
  const a = analysisOf(
    [
      measuredRow('model.layers.0.q_proj.weight', 2, { interval: [1.5, 2.5] }),
      measuredRow('model.layers.0.mlp.experts.0.up_proj.weight', 3),
      measuredRow('model.layers.0.mlp.experts.1.up_proj.weight', 3.5),
      measuredRow('model.layers.1.q_proj.weight', 4),
      failedRow('model.layers.1.up_proj.weight'),
    ],
    [{ alpha: 2, interval: [1.5, 2.5] }, { alpha: 4 }],
    { farms: { rows: 2000 } },
  );

  it('does not compare a fit that says nothing on either side', () => {
    const weak = { weak: 'flat' };
    const [name, other] = ['h.0.q_proj.weight', 'h.0.k_proj.weight'];
    const comparison = compareAnalyses(
      analysisOf([measuredRow(name, 2), measuredRow(other, 3)]),
      analysisOf([measuredRow(name, 1e6, weak), measuredRow(other, 4)]),
    );
    expect(comparison.matrices.map((row) => row.name)).toEqual([other]);
    expect(comparison.a).not.toHaveProperty('weak');
    expect(comparison.b).toMatchObject({ unmatched: [], weak: [name] });
  });

  it('pairs by place where names begin differently', () => {
    const b = analysisOf(
      [
        // Another order, another prefix, a suffix inside.
        measuredRow('base.2.layers.1.q_proj.weight', 4.5, place(1)),
        measuredRow('base.2.layers.0.mlp.experts.1.up_proj.weight', 3.75, up),
        measuredRow('base.2.layers.0.mlp.experts.0.up_proj.weight', 3.5, up),
        measuredRow('base.2.layers.0.q_proj.base.weight', 2.125, place(0)),
      ],
      [],
    );
    const { matrices, a: sideA } = compareAnalyses(a, b);
    expect(matrices.map(({ name, nameInB }) => [name, nameInB])).toEqual([
      [
        'model.layers.0.mlp.experts.0.up_proj.weight',
        'base.2.layers.0.mlp.experts.0.up_proj.weight',
      ],
      ['model.layers.1.q_proj.weight', 'base.2.layers.1.q_proj.weight'],
      [
        'model.layers.0.mlp.experts.1.up_proj.weight',
        'base.2.layers.0.mlp.experts.1.up_proj.weight',
      ],
      ['model.layers.0.q_proj.weight', 'base.2.layers.0.q_proj.base.weight'],
    ]);
    expect(sideA.unmatched).toEqual([]);
  });

  it('does not guess among several', () => {
    const one = analysisOf([measuredRow('x.0.a.q_proj.weight', 2)]);
    const two = analysisOf([
      measuredRow('y.0.a.q_proj.weight', 2),
      measuredRow('y.0.b.q_proj.weight', 3),
    ]);
    const { matrices, a: sideA, b: sideB } = compareAnalyses(one, two);
    expect(matrices).toEqual([]);
    expect([sideA.unmatched.length, sideB.unmatched.length]).toEqual([1, 2]);
  });
});

describe('two allocations', () => {
  const comparison = compareAllocations(
    allocationOf([1, 4, 5], { parameters: { rank: 8, trainable: 586240 } }),
    allocationOf([3, 3, 4, 2]),
  );

  it('differ block by block and in all', () => {
    expect(comparison.blocks).toEqual([
      { index: 0, a: 1, b: 3, difference: 2 },
      { index: 1, a: 4, b: 3, difference: -1 },
      { index: 2, a: 5, b: 4, difference: -1 },
      { index: 3, b: 2 },
    ]);
    expect(comparison.distance).toBe(6);
    expect(comparison.a.parameters).toEqual({ rank: 8, trainable: 586240 });
  });

  it('count projections that one side lacks, and fall back to blocks where none are shared', () => {
    const a = projectionAllocation('experts', llamaLike);
    const shorter = compareAllocations(a, projectionAllocation('experts', llamaLike.slice(0, 5)));
    expect(shorter.distance).toBe(0);
    const without = compareAllocations(a, projectionAllocation('experts', llamaLike.slice(1)));
    expect([without.distance, without.projections!.length]).toEqual([2, 5]);
    const renamed = compareAllocations(
      a,
      projectionAllocation(
        'experts',
        llamaLike.map(([name, ...rest]) => [`base.${name}`, ...rest]),
      ),
    );
    expect(renamed).toMatchObject({ distance: 0, distanceOver: 'blocks' });
    expect(renamed.projections).toBeUndefined();
  });

  it('are summed over projections where only one is per projection', () => {
    const each = projectionAllocation('rank', llamaLike);
    const perBlock = {
      ...each,
      budget: { unit: 'rank' as const, total: 12 },
      blocks: each.blocks.map((block) => ({ ...block, rank: 4 })),
      projections: each.projections!.map((projection) => ({ ...projection, rank: 4 })),
    };
    // Two projections of rank 4 in every block.
    const compared = compareAllocations(each, perBlock);
    expect(compared.blocks.map(({ a, b }) => [a, b])).toEqual([
      [6, 8],
      [9, 8],
      [1, 8],
    ]);
    expect(compared.projections).toHaveLength(6);
    expect([compared.distance, compared.distanceOver]).toEqual([10, 'blocks']);
    const { projections: _, ...unnamed } = perBlock;
    expect(() => compareAllocations(each, unnamed)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});
