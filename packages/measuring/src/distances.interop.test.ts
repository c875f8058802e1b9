/** Two models as WeightWatcher 0.7.5.5 compares them (`distances`). */
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { modelDistances } from './distances.js';
import { openModel } from './models/open.js';

/** A tuned copy, saved by torch, and what WeightWatcher says of the two. */
const program = `
import logging, warnings
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
import torch, weightwatcher
from safetensors.torch import load_file
def answer(given):
    base = load_file(given['base'])
    generator = torch.Generator().manual_seed(7)
    def tuned(weight):
        return weight + torch.randn(weight.shape, generator=generator) * 0.3 * weight.std()
    model = {name: tuned(weight) if weight.ndim == 2 else weight for name, weight in base.items()}
    torch.save(model, given['tuned'])
    found = {}
    for method in ['euclidean', 'raw', 'cka']:
        _, _, details = weightwatcher.WeightWatcher(model=model).distances(model, base, method=method)
        for _, row in details.iterrows():
            found.setdefault(row['longname'] + '.weight', {})[method] = float(row['delta_W'])
    return found
`;

const lack =
  pythonLacks('weightwatcher', 'torch', 'safetensors') ?? sharedLacks('data/stories260K');

describeUnless(lack, 'the distances of two models', () => {
  const ask = startPython<object, Record<string, Record<string, number>>>(program);

  it("are WeightWatcher's", async () => {
    const base = shared('data/stories260K');
    const tuned = join(temporaryFolder('distances'), 'pytorch_model.bin');
    const its = await ask({ base: join(base, 'model.safetensors'), tuned });
    const [a, b] = [await openModel(tuned), await openModel(base)];
    const { matrices, mean } = await modelDistances(a, b, { cka: true });
    await Promise.all([a.close(), b.close()]);
    expect(matrices).toHaveLength(35);
    for (const method of ['euclidean', 'raw', 'cka'] as const) {
      let sum = 0;
      for (const row of matrices) {
        const value = its[row.name]![method]!;
        expect(Math.abs(row[method]! / value - 1), `${row.name}: ${method}`).toBeLessThan(1e-5);
        sum += value;
      }
      expect(Math.abs(mean[method]! / (sum / 35) - 1), method).toBeLessThan(1e-5);
    }
  });
});
