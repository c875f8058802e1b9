import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DType, Matrix } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';
import { float16, matrixOf } from './test-support/matrices.js';

const shared = new URL('../../../../shared/', import.meta.url);
const absent = existsSync(shared) ? '' : ' (skipped: ../shared is absent)';

/** The two-dimensional tensors of a safetensors file, as an engine receives them. */
async function matricesOf(folder: string): Promise<Matrix[]> {
  const file = await readFile(new URL(`data/${folder}/model.safetensors`, shared));
  const headerBytes = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));
  delete header.__metadata__;
  const entries = Object.entries(header) as [
    string,
    { dtype: DType; shape: number[]; data_offsets: [number, number] },
  ][];
  return entries
    .filter(([, { shape }]) => shape.length === 2)
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => {
        const [rows, columns] = shape as [number, number];
        const bytes = file.subarray(8 + headerBytes + start, 8 + headerBytes + end);
        const rowBytes = bytes.length / rows;
        return {
          ...{ name, rows, columns, dtype },
          read: async () => {
            throw new Error('the engine should read the stored bytes');
          },
          readInto: async (target, row) => {
            target.set(bytes.subarray(row * rowBytes, row * rowBytes + target.length));
          },
        };
      },
    );
}

interface Expectation {
  norm: number;
  sv_max: number;
  sv_min: number;
}

describe.skipIf(absent)(`real checkpoints against float64 SVDs${absent}`, () => {
  const engine = createWasmEngine();

  it.each(['stories260K', 'babyllama-tok361', 'gpt2-small-attention'])('%s', async (folder) => {
    const text = await readFile(new URL('reference/expected-spectra.json', shared), 'utf8');
    const expected: Record<string, Expectation> = JSON.parse(text).checkpoints[folder];
    const matrices = (await matricesOf(folder)).filter(({ name }) => name in expected);
    expect(matrices).toHaveLength(Object.keys(expected).length);
    for (const matrix of matrices) {
      const { norm, sv_max, sv_min } = expected[matrix.name]!;
      for (const [precision, tolerance] of [
        ['f64', 1e-12],
        ['auto', 1e-5],
      ] as const) {
        const values = await engine.singularValues(matrix, { precision });
        const label = `${matrix.name} ${precision}`;
        const found = values.reduce((total, value) => total + value * value, 0);
        expect(Math.abs(found / norm - 1), label).toBeLessThan(tolerance);
        expect(Math.abs(values[0]! / sv_max - 1), label).toBeLessThan(tolerance);
        // The Gram matrix squares the condition number: 1e-12 holds for the square.
        expect(Math.abs(values.at(-1)! ** 2 - sv_min ** 2), label).toBeLessThan(
          tolerance * sv_max ** 2,
        );
        // Closer: what the tail's histogram needs.
        expect(Math.abs(values.at(-1)! / sv_min - 1), label).toBeLessThan(1e-4);
      }
    }
  });

  it('every singular value of the attention of GPT-2', async () => {
    const folder = 'gpt2-small-attention';
    const text = await readFile(new URL(`data/${folder}/reference_spectra.json`, shared), 'utf8');
    const references: Record<string, { singular_values: number[] }> = JSON.parse(text).matrices;
    const stored = new Map((await matricesOf(folder)).map((matrix) => [matrix.name, matrix]));
    for (const [key, { singular_values: expected }] of Object.entries(references)) {
      // `3.q`: the first third of the columns of block 3's fused projection; `3.o`: the output projection.
      const [block, part] = key.split('.') as [string, string];
      const matrix = stored.get(`h.${block}.attn.${part === 'o' ? 'c_proj' : 'c_attn'}.weight`)!;
      const first = part === 'o' ? 0 : 'qkv'.indexOf(part) * 768;
      const values = await engine.singularValues(await columnsOf(matrix, first, 768));
      for (const [i, value] of expected.entries()) {
        // The reference is rounded to eight digits, and to six places.
        expect(Math.abs(values[i]! - value), `${key}, ${i}`).toBeLessThan(1e-6 + 5e-8 * value);
      }
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
