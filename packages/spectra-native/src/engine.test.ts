/** The engine with each instruction set of this machine, against known spectra and the WebAssembly engine. */
import { createWasmEngine } from '@alphalora/spectra-wasm/node';
import { describeUnless } from '@alphalora/testing/lacking';
import { eigenvalueError, matrixOf, randomValues } from '@alphalora/testing/spectra/matrices';
import { describeSpectra } from '@alphalora/testing/spectra/suite';
import { describe, expect, it } from 'vitest';
import { createNativeEngine } from './index.js';
import { nativeLacks, setsHere } from './test-support/here.js';

describeUnless(nativeLacks, 'native engine', () => {
  describe.each(setsHere())('with %s', (build) => {
    describeSpectra(createNativeEngine({ build }), { pairs: build === 'avx512bf16' });
  });

  describe('by three threads together', () => {
    describeSpectra(createNativeEngine({ threads: 3 }), { pairs: setsHere()[0] === 'avx512bf16' });
  });

  it('gives the same bits with any number of threads', async () => {
    const matrix = matrixOf(1100, 1200, Float32Array.from(randomValues(1100 * 1200, 3)));
    const engine = createNativeEngine();
    const expected = await engine.singularValues(matrix);
    for (const threads of [2, 5, 1]) {
      expect(await engine.singularValues(matrix, { threads })).toEqual(expected);
    }
  });

  it('names itself and its instruction set', async () => {
    const engine = createNativeEngine();
    expect(engine.name).toBe('native');
    expect(await engine.build?.()).toBe(setsHere()[0]);
  });

  it.each([
    [310, 530, 'f64', 1e-14],
    [530, 310, 'f64', 1e-14],
    [310, 530, 'f32', 5e-6],
  ] as const)(
    '%i x %i in %s as the plain WebAssembly build has it',
    async (rows, columns, precision, tolerance) => {
      const matrix = matrixOf(rows, columns, randomValues(rows * columns, 21));
      const expected = await createWasmEngine({ build: 'simd' }).singularValues(matrix, {
        precision,
      });
      for (const build of setsHere()) {
        const found = await createNativeEngine({ build }).singularValues(matrix, { precision });
        expect(eigenvalueError(found, expected), build).toBeLessThan(tolerance);
      }
    },
  );

  it('reads a large matrix in growing memory, reports and stops as the other engine does', async () => {
    const engine = createNativeEngine();
    const values = Float32Array.from(randomValues(1200 * 1200, 6));
    const matrix = matrixOf(1200, 1200, values);
    const seen: number[] = [];
    await engine.singularValues(matrix, { onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1);
    const reason = new Error('enough');
    const controller = new AbortController();
    const stopped = engine.singularValues(
      {
        ...matrix,
        read(...rows) {
          controller.abort(reason);
          return matrix.read(...rows);
        },
      },
      { signal: controller.signal },
    );
    await expect(stopped).rejects.toBe(reason);
    expect([...(await engine.singularValues(matrixOf(1, 2, new Float64Array([3, 4]))))]).toEqual([
      5,
    ]);
  });
});
