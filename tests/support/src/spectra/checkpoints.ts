/** Real checkpoints that lie beside the repository, where they do. */
import { readFile } from 'node:fs/promises';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import type { DType, Matrix } from '@alphalora/contracts/weights';
import { expect } from 'vitest';
import { shared, sharedJson } from '../repository.js';

/** The two-dimensional tensors of a safetensors file, as an engine receives them. */
export async function matricesOf(folder: string): Promise<Matrix[]> {
  const file = await readFile(shared(`data/${folder}/model.safetensors`));
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
          name,
          rows,
          columns,
          dtype,
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

/** Checks an engine on every matrix of a checkpoint against a float64 SVD. */
export async function expectSpectra(engine: SpectralEngine, folder: string): Promise<void> {
  const { checkpoints } = sharedJson<{
    checkpoints: Record<string, Record<string, Expectation>>;
  }>('reference/expected-spectra.json');
  const expected = checkpoints[folder]!;
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
}
