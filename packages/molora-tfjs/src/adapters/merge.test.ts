/** Merged weights against base + scaling * A B, written out. */
import {
  encodeValues,
  memorySource,
  readCheckpoint,
  serializeSafetensors,
} from '@alphalora/checkpoint';
import type { WeightTensor } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { floats, joined, projection, stateOf } from '../test-support/adapters.js';
import { mergedWeights } from './merge.js';

const q = 'model.layers.0.self_attn.q_proj';

async function weightsOf(tensors: Parameters<typeof serializeSafetensors>[0]['tensors']) {
  const file = memorySource(joined(serializeSafetensors({ tensors })), 'model.safetensors');
  return (await readCheckpoint({ files: [file] })).tensors;
}

describe('mergedWeights', () => {
  const state = stateOf([projection({ ranks: [2], scalings: [0.75], inputs: 3, outputs: 2 })]);
  const a = state.tensors[`${q}.lora_A`]!.values;
  const b = state.tensors[`${q}.lora_B`]!.values;
  const base = [10, 20, 30, 40, 50, 60];
  const norm = floats('model.norm.weight', [2], [1, 2]);

  it('are base + scaling * A B', async () => {
    const weights = await weightsOf([floats(`${q}.weight`, [2, 3], base), norm]);
    const [merged, other] = mergedWeights(weights, state) as [WeightTensor, WeightTensor];
    // Row o, column i: what input i adds to output o.
    const expected = [0, 1].map((o) =>
      [0, 1, 2].map(
        (i) => base[o * 3 + i]! + 0.75 * (a[i * 2]! * b[o]! + a[i * 2 + 1]! * b[2 + o]!),
      ),
    );
    const values = await merged.read();
    expect(values).toEqual(Float32Array.from(expected.flat()));
    expect(await merged.read(2, 5)).toEqual(values.slice(2, 5));
    expect(merged).toMatchObject({ name: `${q}.weight`, shape: [2, 3], dtype: 'F32' });
    expect(merged.readInto).toBeUndefined();
    expect(other).toBe(weights.find(({ name }) => name === 'model.norm.weight'));
  });

  it('add to bfloat16 in float32', async () => {
    const bytes = encodeValues(Float32Array.from(base), 'BF16');
    const weights = await weightsOf([{ name: `${q}.weight`, dtype: 'BF16', shape: [2, 3], bytes }]);
    const [merged] = mergedWeights(weights, state);
    const [first] = await merged!.read(0, 1);
    expect(first).toBe(Math.fround(10 + 0.75 * (a[0]! * b[0]! + a[1]! * b[2]!)));
  });

  it('are transposed where the base is [inputs, outputs]', async () => {
    const weights = await weightsOf([floats(`${q}.weight`, [2, 3], base)]);
    const [plain] = mergedWeights(weights, state);
    const turned = (await weightsOf([floats(`${q}.weight`, [3, 2], [10, 40, 20, 50, 30, 60])])).map(
      (weight) => ({ ...weight, inputFirst: true }),
    );
    const [merged] = mergedWeights(turned, state);
    const [rows, columns] = [await plain!.read(), await merged!.read()];
    for (const o of [0, 1]) {
      for (const i of [0, 1, 2]) expect(columns[i * 2 + o]).toBe(rows[o * 3 + i]);
    }
  });

  it.each<[string, ReturnType<typeof stateOf>, number[], string]>([
    ['several experts', stateOf([projection({ ranks: [1, 1] })]), [2, 3], '2 experts, and one'],
    ['another model', stateOf([projection({ ranks: [1], name: 'x' })]), [2, 3], 'no "x.weight"'],
    ['another shape', stateOf([projection({ ranks: [1] })]), [3, 2], 'is [3,2] in the base, and'],
  ])('refuses %s', async (_, given, shape, message) => {
    const weights = await weightsOf([floats(`${q}.weight`, shape, base)]);
    const act = (): unknown => mergedWeights(weights, given);
    expect(act).toThrow(expect.objectContaining({ tag: 'alphalora', code: 'INVALID_OPTION' }));
    expect(act).toThrow(message);
  });
});
