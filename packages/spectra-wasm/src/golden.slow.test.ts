import type { Matrix } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { sharedJson, sharedLacks } from '@alphalora/testing/repository';
import { expectSpectra, matricesOf } from '@alphalora/testing/spectra/checkpoints';
import { float16, matrixOf } from '@alphalora/testing/spectra/matrices';
import { expect, it } from 'vitest';
import { createWasmEngine } from './node.js';

describeUnless(sharedLacks('data'), 'GPT-2 against a float64 SVD', () => {
  const engine = createWasmEngine();

  it('norm, largest and smallest singular value of each matrix', () =>
    expectSpectra(engine, 'gpt2-small-attention'));

  it('every singular value of its attention', async () => {
    const folder = 'gpt2-small-attention';
    const { matrices: references } = sharedJson<{
      matrices: Record<string, { singular_values: number[] }>;
    }>(`data/${folder}/reference_spectra.json`);
    const stored = new Map((await matricesOf(folder)).map((matrix) => [matrix.name, matrix]));
    for (const [key, { singular_values: expected }] of Object.entries(references)) {
      // `3.q`: the first third of the columns of block 3's fused projection; `3.o`: the output projection.
      const [block, part] = key.split('.') as [string, string];
      const matrix = stored.get(`h.${block}.attn.${part === 'o' ? 'c_proj' : 'c_attn'}.weight`)!;
      const first = part === 'o' ? 0 : 'qkv'.indexOf(part) * 768;
      const values = await engine.singularValues(await columnsOf(matrix, first, 768));
      // The reference is rounded to eight digits, and to six places.
      const wrong = expected.filter(
        (value, i) => !(Math.abs(values[i]! - value) < 1e-6 + 5e-8 * value),
      );
      expect(wrong, key).toEqual([]);
    }
  });
});

/** Some columns of a float16 matrix, decoded. */
async function columnsOf(matrix: Matrix, first: number, count: number): Promise<Matrix> {
  const bits = new Uint16Array(matrix.rows * matrix.columns);
  await matrix.readInto?.(new Uint8Array(bits.buffer), 0);
  const values = Float32Array.from({ length: matrix.rows * count }, (_, i) => {
    const row = Math.floor(i / count);
    return float16(bits[row * matrix.columns + first + (i % count)]!);
  });
  return matrixOf(matrix.rows, count, values);
}
