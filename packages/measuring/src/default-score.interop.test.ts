/**
 * What the default score has to do on a real model, with no estimator named (`benchmarks/stability`): no
 * projection decides its block, and the allocation is neither uniform nor made of noise.
 */
import { alternativeScores } from '@alphalora/htsr-core';
import { describeUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { expect, it } from 'vitest';
import { analyzeModel } from './analyze-model.js';

/** AlphaLoRA's rule before rounding (arXiv 2410.10054): 150 experts in proportion to alpha^2.5. */
function experts(alphas: readonly number[]): number[] {
  const weights = alphas.map((alpha) => alpha ** 2.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (150 * weight) / total);
}

describeUnless(smolLm2Lacks, 'SmolLM2 by default', () => {
  it('hangs on no single projection, is far from uniform, and has blocks that differ', async () => {
    const { matrices, blocks, options } = await analyzeModel(smolLm2, { metrics: 'none' });
    const alphas = blocks.map(({ alpha }) => alpha!);
    const given = experts(alphas);
    expect(given).toHaveLength(30);
    const { without, homogeneity } = alternativeScores(matrices, blocks.length, options);
    expect(without).toHaveLength(210);
    for (const { block, name, score } of without) {
      const moved = experts(alphas.with(block, score))[block]! - given[block]!;
      expect(Math.abs(moved), name).toBeLessThan(2);
    }
    const fromUniform = given.reduce((sum, count) => sum + Math.abs(count - 5), 0);
    expect(fromUniform).toBeGreaterThan(20);
    expect(homogeneity).toBeLessThan(0.05);

    const rounded = await analyzeModel(smolLm2, {
      metrics: 'none',
      cast: 'bfloat16',
      draws: 0,
    });
    const after = experts(rounded.blocks.map(({ alpha }) => alpha!));
    const moved = given.reduce((sum, count, block) => sum + Math.abs(count - after[block]!), 0);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(2);
  }, 600_000);
});
