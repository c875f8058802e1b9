/** What fine-tuning changed, as WeightWatcher 0.7.5.5 measures it with a base model. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { analyzeModel } from '../analyze-model.js';

/** A tuned copy, saved by torch, and what WeightWatcher says of the two. */
const program = `
import logging, os, warnings
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
import torch, weightwatcher
from safetensors.torch import load_file
def answer(given):
    base = load_file(given['base'])
    generator = torch.Generator().manual_seed(5)
    def tuned(name, weight):
        if weight.ndim < 2 or 'layers.1.' in name: return weight
        rows = (1 + torch.arange(weight.shape[0]))[:, None] ** -0.5
        return weight + torch.randn(weight.shape, generator=generator) * rows * 0.3 * weight.std()
    model = {name: tuned(name, weight) for name, weight in base.items()}
    torch.save(model, given['tuned'])
    watcher = weightwatcher.WeightWatcher(model=model, base_model=base)
    details = watcher.analyze(plot=False, min_evals=2)
    names = ['alpha', 'D', 'xmin', 'norm', 'spectral_norm', 'stable_rank', 'num_pl_spikes']
    return {row['longname'] + '.weight': {name: float(row[name]) for name in names if row[name] == row[name]} for _, row in details.iterrows()}
`;

const lack =
  pythonLacks('weightwatcher', 'torch', 'safetensors') ?? sharedLacks('data/stories260K');

describeUnless(lack, 'a model less its base', () => {
  const ask = startPython<object, Record<string, Record<string, number>>>(program);
  const base = shared('data/stories260K');

  it("has WeightWatcher's numbers", async () => {
    const folder = temporaryFolder('base');
    const tuned = join(folder, 'pytorch_model.bin');
    const its = await ask({ base: join(base, 'model.safetensors'), tuned });
    const { matrices, model } = await analyzeModel(tuned, {
      ...{ base, estimator: 'ks', evalsThreshold: 1e-5, draws: 0 },
    });
    rmSync(folder, { recursive: true });
    expect(model).toMatchObject({ source: tuned, base });
    const measured = matrices.filter((row) => row.status === 'ok');
    // Four of five blocks, with seven projections each.
    expect(measured).toHaveLength(28);
    for (const { name, alpha, ks, xmin, metrics } of measured) {
      const own = { ...metrics, alpha, D: ks, xmin };
      for (const [metric, value] of Object.entries(its[name]!)) {
        const found = own[metric as keyof typeof own];
        expect(Math.abs(found / value - 1), `${name}: ${metric} ${found}`).toBeLessThan(1e-5);
      }
    }
    const unchanged = matrices.filter(({ name }) => /layers\.1\..*proj/.test(name));
    expect(unchanged).toHaveLength(7);
    for (const row of unchanged) {
      expect(row).toMatchObject({
        status: 'skipped',
        reason: expect.stringContaining('the same as in the base'),
      });
      expect(its[row.name]!['norm']).toBe(0);
    }
  });
});
