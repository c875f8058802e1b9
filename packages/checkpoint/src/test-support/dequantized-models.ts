/** Quantized models beside the weights that another program makes of them. */
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openCheckpoint } from '../node/index.js';

/**
 * What opens Python programs that write such models: `save(name, stored, expected, config)` writes the folder
 * `name` with the tensors as stored, and beside it what each weight is after the program has dequantized it.
 */
export const pythonSave = `
import json, os, sys, torch
from safetensors.torch import save_file
os.chdir(sys.argv[1])
def save(name, stored, expected, config={}, metadata=None):
    os.makedirs(name)
    whole = {k: v.contiguous() for k, v in stored.items()}
    # Two shards, the codes of a weight apart from its scales.
    files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    names = [sorted(whole)[i::2] for i in range(2)]
    for file, part in zip(files, names): save_file({k: whole[k] for k in part}, name + '/' + file, metadata)
    weight_map = {k: file for file, part in zip(files, names) for k in part}
    json.dump({'metadata': {}, 'weight_map': weight_map}, open(name + '/model.safetensors.index.json', 'w'))
    json.dump(config, open(name + '/config.json', 'w'))
    save_file({k: v.detach().contiguous() for k, v in expected.items()}, name + '.safetensors')
`;

/** Every weight of the other program is there, in its type and with its values, bit for bit. */
export async function expectDequantized(folder: string, name: string): Promise<void> {
  const [ours, theirs] = await Promise.all([
    openCheckpoint(join(folder, name)),
    openCheckpoint(join(folder, `${name}.safetensors`)),
  ]);
  onTestFinished(async () => {
    await Promise.all([ours.close(), theirs.close()]);
  });
  const weights = new Map(ours.tensors.map((weight) => [weight.name, weight]));
  expect(theirs.tensors.length).toBeGreaterThan(0);
  for (const expected of theirs.tensors) {
    const weight = weights.get(expected.name);
    const { shape, dtype } = expected;
    expect({ name, ...weight }).toMatchObject({ name: expected.name, shape, dtype });
    expect(weight?.quantization).toBeDefined();
    const values = await expected.read();
    expectSame(expected.name, await weight!.read(), values);
    // Ranges that begin and end within rows and blocks.
    for (const [start, end] of [
      [1, 2],
      [Math.floor(values.length / 3), Math.floor(values.length / 2) + 1],
      [values.length - 1, values.length],
    ] as const) {
      expectSame(expected.name, await weight!.read(start, end), values.subarray(start, end));
    }
  }
}

function expectSame(name: string, values: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(values.length).toBe(expected.length);
  const odd = Array.from(expected).findIndex((value, i) => !Object.is(value, values[i]));
  expect({ name, odd, value: values[odd] }).toEqual({ name, odd: -1 });
}
