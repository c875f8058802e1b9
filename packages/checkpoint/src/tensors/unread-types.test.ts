import type { DType } from '@alphalora/contracts/weights';
import { expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { memorySource } from '../sources/memory.js';
import { fileOf, matrix, modelOf } from '../test-support/adapters.js';
import { dict, tensor, torchArchive } from '../test-support/pickles.js';
import { storedBytes } from '../values/sizes.js';

const rotations = (dtype: DType): TensorData => ({
  name: 'model.freqs_cis',
  dtype,
  shape: [2, 4],
  bytes: new Uint8Array(storedBytes(dtype, 8)).fill(7),
});
const weight = matrix('model.layers.0.mlp.up_proj.weight', [[1, 2]]);

it.each([
  ['C64', 'complex numbers (C64) are not measured'],
  ['F6_E2M3', 'elements of type F6_E2M3 are not read: measure the original, or convert it to'],
  ['F6_E3M2', 'elements of type F6_E3M2 are not read: measure the original, or convert it to'],
] as const)('tensors of %s are listed and not read; the others are', async (dtype, reason) => {
  const { tensors } = await modelOf([rotations(dtype), weight]);
  const unread = tensors.find(({ name }) => name === 'model.freqs_cis')!;
  expect(unread).toMatchObject({ dtype, shape: [2, 4], kind: 'other' });
  expect(unread.unreadable).toContain(reason);
  await expect(unread.read()).rejects.toMatchObject({
    code: 'UNSUPPORTED_CHECKPOINT',
    message: expect.stringContaining(reason),
  });
  const read = tensors.find(({ name }) => name === weight.name)!;
  expect(read.unreadable).toBeUndefined();
  expect([...(await read.read())]).toEqual([1, 2]);
});

it('they count once where several files hold the same', async () => {
  const files = [1, 2].map((i) =>
    memorySource(
      fileOf(i === 1 ? [rotations('C64'), weight] : [rotations('C64')]),
      `model-0000${i}-of-00002.safetensors`,
    ),
  );
  const { tensors, notes } = await readCheckpoint({ files });
  expect(tensors.map(({ dtype }) => dtype).toSorted()).toEqual(['C64', 'F32']);
  expect(notes).toContainEqual(expect.stringMatching(/"model.freqs_cis", with the same values/));
});

it('complex numbers of PyTorch are listed too', async () => {
  const entries = dict({ freqs_cis: tensor([1], { type: 'ComplexFloatStorage' }) });
  const file = torchArchive(entries, { 0: new Uint8Array(8) });
  const { tensors } = await readCheckpoint({ files: [memorySource(file, 'm.bin')] });
  expect(tensors).toMatchObject([{ dtype: 'C64', unreadable: /complex numbers/ }]);
});
