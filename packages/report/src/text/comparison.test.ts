import { compareAllocations, compareAnalyses } from '@alphalora/documents/comparison';
import {
  allocationOf,
  analysisOf,
  failedRow,
  llamaLike,
  measuredRow,
  projectionAllocation,
  valueAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { allocationComparisonText, analysisComparisonText } from './comparison.js';

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

  it('pairs by name, and lists the largest changes first', () => {
    const b = analysisOf(
      [
        measuredRow('model.layers.0.q_proj.weight', 2.25, { interval: [2.51, 3] }),
        measuredRow('model.layers.1.q_proj.weight', 3),
        measuredRow('model.layers.1.up_proj.weight', 9),
      ],
      [{ alpha: 2.25, interval: [2.4, 2.6] }, { alpha: 3 }, { alpha: 5 }],
      { estimator: 'hill', engine: 'ml-matrix' },
    );
    const comparison = compareAnalyses(a, b);
    expect(comparison).toEqual({
      kind: 'comparison',
      of: 'analysis',
      a: {
        source: 'memory',
        unmatched: [
          'model.layers.0.mlp.experts.0.up_proj.weight',
          'model.layers.0.mlp.experts.1.up_proj.weight',
        ],
        failed: ['model.layers.1.up_proj.weight'],
      },
      b: { source: 'memory', unmatched: ['model.layers.1.up_proj.weight'], failed: [] },
      // The engine changes the last digits only.
      options: {
        estimator: { a: 'ks', b: 'hill' },
        farms: { a: { rows: 2000 }, b: undefined },
      },
      blocks: [
        { index: 0, a: 2, b: 2.25, difference: 0.25, overlap: true },
        { index: 1, a: 4, b: 3, difference: -1 },
        { index: 2, b: 5 },
      ],
      rankCorrelation: 1,
      matrices: [
        { name: 'model.layers.1.q_proj.weight', ...place(1), a: 4, b: 3, difference: -1 },
        {
          name: 'model.layers.0.q_proj.weight',
          ...place(0),
          a: 2,
          b: 2.25,
          difference: 0.25,
          overlap: false,
        },
      ],
    });

    const text = analysisComparisonText(comparison, { files: ['a.json', 'b.json'], top: 1 });
    expect(text).toContain('a: a.json (memory)');
    expect(text).toMatch(/^ +0 +2\.000 +2\.250 +\+0\.250 +overlap$/m);
    expect(text).toMatch(/^ +2 +- +5\.000 +- +-$/m);
    expect(text).toMatch(/^model\.layers\.1\.q_proj\.weight +4\.000 +3\.000 +-1\.000$/m);
    expect(text).not.toContain('layers.0.q_proj');
    expect(text).toContain(
      '2 matrices compared; a: 2 without a partner, 1 failed; b: 1 without a partner, 0 failed',
    );
  });
});

const place = (block: number) => ({ block, role: 'q_proj' });

const sides = { files: ['a.json', 'b.json'] as const, top: 2 };

describe('two allocations', () => {
  const comparison = compareAllocations(
    allocationOf([1, 4, 5], { parameters: { rank: 8, trainable: 586240 } }),
    allocationOf([3, 3, 4, 2]),
  );

  it('are drawn as what both have and what one has more', () => {
    const text = allocationComparisonText(comparison, sides, {});
    expect(text).toMatch(
      /^a: a\.json\n +10 experts in 3 blocks \(alphalora, beta=2\.5, .*586,240 trainable/,
    );
    expect(text).toMatch(/^ +0 +1 +3 +\+2 {2}█▒▒$/m);
    expect(text).toMatch(/^ +1 +4 +3 +-1 {2}███░$/m);
    expect(text).toMatch(/^ +3 +- +2 +- {2}▒▒$/m);
    expect(text).toContain('6 experts');
  });

  it('are scaled down to bars that fit', () => {
    const large = compareAllocations(allocationOf([100]), allocationOf([50]));
    const text = allocationComparisonText(large, sides, {});
    expect(text).toMatch(/ {2}█{20}░{20}$/m);
  });

  it('are listed by projection, the largest change first', () => {
    const a = projectionAllocation('rank', llamaLike, { parameters: { rank: 6, trainable: 800 } });
    const b = projectionAllocation(
      'rank',
      llamaLike.map(([name, block, amount], i) => [name, block, [2, 1, 5, 3, 1, 4][i] ?? amount]),
      { parameters: { rank: 5, trainable: 900 } },
    );
    const compared = compareAllocations(a, b);
    expect(compared.unit).toBe('rank');
    expect(
      compared
        .projections!.slice(0, 3)
        .map(({ name, role, difference }) => [name, role, difference]),
    ).toEqual([
      ['model.layers.2.mlp.up_proj.weight', 'up_proj', 4],
      ['model.layers.0.mlp.up_proj.weight', 'up_proj', -3],
      ['model.layers.1.self_attn.q_proj.weight', 'q_proj', -1],
    ]);
    // Within the projections 4 + 3 + 1; the blocks would hide nothing here: -3, -1, +4.
    expect([compared.distance, compared.distanceOver]).toEqual([8, 'projections']);

    const text = allocationComparisonText(compared, sides, {});
    expect(text).toMatch(/^ +0 +6 +3 +-3 {2}███░░░$/m);
    expect(text).toMatch(/^model\.layers\.2\.mlp\.up_proj\.weight +0 +4 +\+4$/m);
    expect(text).not.toContain('layers.1.self_attn');
    expect(text).toContain('3 of 6 projections differ');
    expect(text).toContain('trainable parameters: 800 in a, 900 in b (+12.5 %)');
    expect(text).toContain('8 ranks');
  });

  it('are compared in what they share out, and refused where that differs', () => {
    const factors = compareAllocations(
      valueAllocation('learning-rate', [0.5, 1]),
      valueAllocation('learning-rate', [0.75, 1]),
    );
    expect(factors.distance).toBe(0.25);
    const text = allocationComparisonText(factors, sides, {});
    expect(text).toMatch(/^ +0 +0\.500 +0\.750 +\+0\.250 {2}█{20}▒{10}$/m);
    expect(text).toContain('0.250 of the factor');
    const close = compareAllocations(
      valueAllocation('learning-rate', [0.5, 1]),
      valueAllocation('learning-rate', [0.5001, 0.9999]),
    );
    const zeros = allocationComparisonText(close, sides, {});
    expect(zeros).toMatch(/^ +0 +0\.500 +0\.500 +0\.000 /m);
    expect(zeros).toMatch(/^ +1 +1\.000 +1\.000 +0\.000 /m);
    const call = () => compareAllocations(allocationOf([1]), valueAllocation('bits', [4]));
    expect(call).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/a is an allocation of experts and b one of bits/),
      }),
    );
  });
});
