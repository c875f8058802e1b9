import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { marchenkoPasturMetrics } from './density-fit.js';

/** WeightWatcher's columns of a layer with these weights. */
const program = `
import logging, warnings
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
import numpy, torch, weightwatcher
def answer(given):
    rows, columns, values = given
    layer = torch.nn.Linear(columns, rows, bias=False)
    with torch.no_grad():
        layer.weight[:] = torch.tensor(values).reshape(rows, columns)
    watcher = weightwatcher.WeightWatcher(model=torch.nn.Sequential(layer))
    details = watcher.analyze(mp_fit=True, plot=False, min_evals=2)
    names = ['sigma_mp', 'W_scale', 'bulk_min', 'bulk_max', 'num_spikes', 'mp_softrank']
    return {name: float(details[name][0]) for name in names}
`;

const random = seededRandom(4, 'density');
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Gaussian elements, columns of unequal size, and a strong direction. */
const kinds = {
  gaussian: () => normal(),
  unequal: (_: number, column: number) => normal() * (1 + column) ** -0.3,
  spiked: (row: number, column: number) => normal() + 0.2 * Math.sin(row) * Math.cos(column),
} as const;

describeUnless(pythonLacks('weightwatcher', 'torch'), "WeightWatcher's own fit", () => {
  const ask = startPython<[number, number, number[]], Record<string, number>>(program);

  it.each(
    (['gaussian', 'unequal', 'spiked'] as const).flatMap((kind) =>
      (
        [
          [64, 64],
          [96, 60],
          [60, 120],
        ] as const
      ).map(([rows, columns]) => [kind, rows, columns] as const),
    ),
  )('%s, %d x %d', async (kind, rows, columns) => {
    const values = Float32Array.from({ length: rows * columns }, (_, i) =>
      kinds[kind](Math.floor(i / columns), i % columns),
    );
    const singular = await createReferenceEngine().singularValues({
      ...{ name: 'w', rows, columns, dtype: 'F32' },
      read: async () => values,
    });
    const eigenvalues = singular.map((value) => value * value).sort();
    const [smaller, larger] = [Math.min(rows, columns), Math.max(rows, columns)];
    const fit = { alpha: 2, xmin: 1, ks: 0, tail: 2, stderr: 0 };
    const own = marchenkoPasturMetrics.compute({ eigenvalues, fit, smaller, larger, matrices: 1 });
    for (const [name, value] of Object.entries(await ask([rows, columns, [...values]]))) {
      const scale = Math.max(Math.abs(value), 1e-9);
      expect(
        Math.abs(own[name]! - value) / scale,
        `${name}: ${own[name]} and ${value}`,
      ).toBeLessThan(1e-6);
    }
  });
});
