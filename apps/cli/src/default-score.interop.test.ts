/**
 * What the default score has to do on a real model, with no estimator named (`benchmarks/stability`): no
 * projection decides its block, and the allocation is neither uniform nor made of noise.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '@alphalora/contracts';
import { alternativeScores } from '@alphalora/htsr-core';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { programIn } from '@alphalora/testing/program';
import { expect, it } from 'vitest';

const folder = temporaryFolder('default-score');
const { alphalora } = programIn(folder);

async function analyzed(file: string, ...options: string[]): Promise<Analysis> {
  const asked = ['analyze', smolLm2, '--metrics', 'none', ...options, '-o', file];
  const { code, stderr } = await alphalora(...asked);
  expect(code, stderr).toBe(0);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Analysis;
}

/** AlphaLoRA's rule before rounding (arXiv 2410.10054): 150 experts in proportion to alpha^2.5. */
function experts(alphas: readonly number[]): number[] {
  const weights = alphas.map((alpha) => alpha ** 2.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (150 * weight) / total);
}

describeUnless(smolLm2Lacks, 'SmolLM2 by default', () => {
  it('hangs on no single projection, is far from uniform, and has blocks that differ', async () => {
    const { matrices, blocks, options } = await analyzed('given.json');
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

    const rounded = await analyzed('rounded.json', '--cast', 'bfloat16', '--draws', '0');
    const after = experts(rounded.blocks.map(({ alpha }) => alpha!));
    const moved = given.reduce((sum, count, block) => sum + Math.abs(count - after[block]!), 0);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(2);
  }, 600_000);
});
