/** The updates of a trained adapter, against numpy. */
import { join } from 'node:path';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { openCheckpoint } from './index.js';

const adapter = 'data/lora-gpt2-tigrinya';
const path = shared(adapter);

/** Reads the file by itself; prints the update's singular values and its sum of squares. */
const program = `
import json, struct, sys
import numpy
data = open(sys.argv[1], 'rb').read()
size = struct.unpack('<Q', data[:8])[0]
header = json.loads(data[8:8 + size])
def tensor(name):
    entry = header['base_model.model.' + name]
    start, end = entry['data_offsets']
    return numpy.frombuffer(data[8 + size + start:8 + size + end], '<f4').reshape(entry['shape']).astype('f8')
update = 32 / 8 * tensor(sys.argv[2] + '.lora_B.weight') @ tensor(sys.argv[2] + '.lora_A.weight')
print(json.dumps({'shape': update.T.shape, 'values': update.T[[0, 5, -1], :4].tolist(),
  'singular': numpy.linalg.svd(update, compute_uv=False)[:10].tolist()}))
`;

describeUnless(sharedLacks(adapter) ?? pythonLacks('numpy'), 'numpy', () => {
  it.each(['transformer.h.0.attn.c_attn', 'transformer.h.11.mlp.c_proj'])('%s', async (module) => {
    const args = [join(path, 'adapter_model.safetensors'), module];
    const expected: { shape: number[]; values: number[][]; singular: number[] } = JSON.parse(
      runPython(program, { args }),
    );
    const { tensors, close } = await openCheckpoint(path);
    const weight = tensors.find(({ name }) => name === `${module}.weight`)!;
    expect(weight.shape).toEqual(expected.shape);
    const [rows, columns] = weight.shape as [number, number];
    const values = await weight.read();
    for (const [i, row] of [0, 5, rows - 1].entries()) {
      for (const [j, value] of expected.values[i]!.entries()) {
        expect(Math.abs(values[row * columns + j]! / value - 1)).toBeLessThan(1e-6);
      }
    }
    // Without a decomposition here: the traces of the powers of the Gram matrix of the factors,
    // scale^2 (L^T L)(R R^T), are the sums of the powers of the squared singular values.
    const { rank, scale, left, right } = weight.factors!;
    const [l, r] = [await left(), await right()];
    const gram = (at: (k: number, i: number) => number, length: number): number[][] =>
      Array.from({ length: rank }, (_, a) =>
        Array.from({ length: rank }, (_, b) => {
          let sum = 0;
          for (let i = 0; i < length; i++) sum += at(a, i) * at(b, i);
          return sum;
        }),
      );
    const multiply = (x: number[][], y: number[][]): number[][] =>
      x.map((row) =>
        y[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * y[k]![j]!, 0)),
      );
    const small = multiply(
      gram((k, i) => scale * l[i * rank + k]!, rows),
      gram((k, i) => scale * r[k * columns + i]!, columns),
    ).map((row) => row.map((value) => value / scale ** 2));
    let power = small;
    for (let exponent = 1; exponent <= rank; exponent++) {
      const trace = power.reduce((sum, row, i) => sum + row[i]!, 0);
      const sum = expected.singular.reduce((total, value) => total + value ** (2 * exponent), 0);
      expect(Math.abs(trace / sum - 1)).toBeLessThan(1e-10);
      power = multiply(power, small);
    }
    // Nothing beyond the rank.
    expect(expected.singular[8]!).toBeLessThan(1e-12 * expected.singular[0]!);
    await close();
  });
});
