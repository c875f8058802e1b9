import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPythonForBytes } from '@alphalora/testing/python';
import {
  eigenvalueError,
  matrixOf,
  randomValues,
  withSpectrum,
} from '@alphalora/testing/spectra/matrices';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

const program = `
import sys, numpy
rows, columns = map(int, sys.argv[1:])
w = numpy.frombuffer(sys.stdin.buffer.read(), dtype='<f8').reshape(rows, columns)
sys.stdout.buffer.write(numpy.linalg.svd(w, compute_uv=False).astype('<f8').tobytes())
`;

describeUnless(pythonLacks('numpy'), 'numpy.linalg.svd in float64', () => {
  const engine = createWasmEngine();
  /** What numpy finds for the same numbers. */
  function numpy(rows: number, columns: number, values: Float64Array): Float64Array {
    const input = new Uint8Array(values.buffer);
    const printed = runPythonForBytes(program, { args: [`${rows}`, `${columns}`], input });
    return new Float64Array(new Uint8Array(printed).buffer);
  }

  it.each([
    [1, 5],
    [37, 64],
    [64, 37],
    [255, 257],
    [512, 512],
    [384, 1000],
    [1000, 384],
  ])('%i x %i', async (rows, columns) => {
    const values = randomValues(rows * columns, rows);
    const expected = numpy(rows, columns, values);
    const found = await engine.singularValues(matrixOf(rows, columns, values));
    expect(eigenvalueError(found, expected)).toBeLessThan(1e-13);
    const narrow = matrixOf(rows, columns, values);
    const f32 = await engine.singularValues(narrow, { precision: 'f32' });
    expect(eigenvalueError(f32, expected)).toBeLessThan(5e-6);
  });

  describe.each([
    [256, 192],
    [192, 256],
    [1500, 130],
    [130, 1500],
    [5, 900],
  ])('where a Gram matrix loses digits, %i x %i', (rows, columns) => {
    const order = Math.min(rows, columns);
    const noise = Float64Array.from(Float32Array.from(randomValues(rows * columns, 3)));
    const outlier = (factor: number): Float64Array =>
      noise.map((value, i) => value * (i === 100 ? factor : 1));
    const decay = Array.from({ length: order }, (_, i) => 10 ** ((-12 * i) / order));
    it.each([
      ['one element times 1e9', outlier(1e9)],
      ['one element times 1e10', outlier(1e10)],
      ['twelve decades', withSpectrum(rows, columns, decay)],
      ['tiny weights', outlier(1e9).map((value) => value * 1e-30)],
    ])('%s', async (_, values) => {
      const expected = numpy(rows, columns, values);
      const found = await engine.singularValues(matrixOf(rows, columns, values));
      const allowed = 64 * Number.EPSILON * expected[0]!;
      const floor = Math.max(rows, columns) * Number.EPSILON * expected[0]!;
      for (const [i, value] of expected.entries()) {
        // Beyond the rank by numpy's own rule, ours are zero.
        if (value > 2 * floor) expect(Math.abs(found[i]! - value)).toBeLessThan(allowed);
      }
    });
  });
});
