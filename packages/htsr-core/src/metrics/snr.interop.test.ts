import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { signalToNoise } from './snr.js';

const program = `
import numpy
def answer(given):
    rows, columns, values = given
    s = numpy.linalg.svd(numpy.array(values).reshape(rows, columns), compute_uv=False)
    sigma = (numpy.percentile(s, 75) - numpy.percentile(s, 25)) / 1.349
    t = sigma * (1 + numpy.sqrt(min(rows, columns) / max(rows, columns)))
    return float(s[s > t].sum() / s[s <= t].sum() / s.max())
`;

describeUnless(pythonLacks('numpy'), 'snr against numpy', () => {
  const ask = startPython<[number, number, number[]], number>(program);

  it.each([
    [40, 40, 0],
    [30, 70, 0.2],
    [65, 20, 1],
  ])('%d x %d, columns unequal by %d', async (rows, columns, decay) => {
    const random = seededRandom(rows, 'snr');
    const values = Float64Array.from({ length: rows * columns }, (_, i) => {
      return (random() - 0.5) * (1 + (i % columns)) ** -decay;
    });
    const singular = await createReferenceEngine().singularValues({
      ...{ name: 'w', rows, columns, dtype: 'F64' },
      read: async () => values,
    });
    const ratio = Math.min(rows, columns) / Math.max(rows, columns);
    const expected = await ask([rows, columns, [...values]]);
    expect(signalToNoise(singular.slice().sort(), ratio) / expected).toBeCloseTo(1, 10);
  });
});
