import { describe, expect, it } from 'vitest';
import { compareAllocations, compareAnalyses, spearman } from './comparison.js';
import { allocationComparisonText, analysisComparisonText } from './output/comparison.js';
import { allocationOf, analysisOf, failedRow, measuredRow } from './test-support/documents.js';

describe('spearman', () => {
  it.each<[string, number[], number[], number]>([
    ['any rising function', [1, 2, 3, 4], [1, 8, 27, 1000], 1],
    ['any falling function', [1, 2, 3], [9, 4, 1], -1],
    // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 1, 1, 0, 1, 1 of n = 5.
    ['ranks without ties', [1, 2, 3, 4, 5], [2, 1, 3, 5, 4], 0.8],
    // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4])
    ['ties', [1, 2, 2, 3], [1, 3, 2, 4], 0.9486832980505139],
  ])('%s', (_, a, b, expected) => {
    expect(spearman(a, b)).toBeCloseTo(expected, 12);
  });

  it('is undefined where there is no order', () => {
    expect(spearman([1], [2])).toBeUndefined();
    expect(spearman([2, 2], [1, 3])).toBeUndefined();
  });
});

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
      ...{ kind: 'comparison', of: 'analysis' },
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
          ...{ name: 'model.layers.0.q_proj.weight', ...place(0) },
          ...{ a: 2, b: 2.25, difference: 0.25, overlap: false },
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

const place = (block: number) => ({ block, role: 'q_proj' });
const up = { block: 0, role: 'up_proj' };

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

  it('are drawn as what both have and what one has more', () => {
    const text = allocationComparisonText(comparison, ['a.json', 'b.json'], { write: () => 0 });
    expect(text).toMatch(/^a: a\.json \(alphalora, beta=2\.5, .*10 experts.*586,240 trainable/);
    expect(text).toMatch(/^ +0 +1 +3 +\+2 {2}█▒▒$/m);
    expect(text).toMatch(/^ +1 +4 +3 +-1 {2}███░$/m);
    expect(text).toMatch(/^ +3 +- +2 +- {2}▒▒$/m);
    expect(text).toContain('6 experts');
  });

  it('are scaled down to bars that fit', () => {
    const large = compareAllocations(allocationOf([100]), allocationOf([50]));
    const text = allocationComparisonText(large, ['a', 'b'], { write: () => 0 });
    expect(text).toMatch(/ {2}█{20}░{20}$/m);
  });
});
