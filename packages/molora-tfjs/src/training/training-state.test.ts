import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import type { TensorValues } from '../adapters/adapter-spec.js';
import { trainingSettings } from './settings.js';
import {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from './training-state.js';

const tensor = (shape: number[], ...values: number[]): TensorValues => ({
  shape,
  values: Float32Array.from(values),
});
const lora = 'model.layers.0.self_attn.q_proj.lora_A';

const state: TrainingState = {
  step: 7,
  settings: trainingSettings({ steps: 10, clipNorm: null, learningRate: 0.1 + 0.2 }, 20),
  groups: { [lora]: { learningRateFactor: 0.3, weightDecay: 0 } },
  data: { sequences: 20, fingerprint: '0badcafe' },
  // Every kind of float32, to the bit.
  tensors: { [lora]: tensor([2, 3], 1, -0, 1e-45, 3.4e38, 0.1, -7), 'dense/kernel': tensor([], 3) },
  optimizer: {
    updates: { [lora]: 7 },
    first: { [lora]: tensor([2, 3], 1, 2, 3, 4, 5, 6) },
    second: { [lora]: tensor([2, 3], 6, 5, 4, 3, 2, 1) },
  },
  callbacks: {
    ranks: { data: { growth: [1, 2] }, tensors: { 'a/b': tensor([1], 4), lora_A: tensor([0]) } },
    counter: { data: 12, tensors: {} },
  },
};

const written = (value: TrainingState = state): Uint8Array =>
  Uint8Array.from(Buffer.concat(serializeTrainingState(value)));

const damaged = expect.toSatisfy((error) => isAlphaLoraError(error, 'INVALID_CHECKPOINT'));

describe('the state of a run', () => {
  it('comes back from its file as it was, bit for bit', async () => {
    const read = await parseTrainingState(written(), 'state');
    expect(read).toEqual(state);
    expect(Object.is(read.tensors[lora]!.values[1], -0)).toBe(true);
  });

  it('has the same bytes each time', () => {
    expect(written()).toEqual(written());
  });

  it('is refused in whatever way it is short', async () => {
    const bytes = written();
    const lengths = [0, 7, 8, 9, 100, bytes.length - 1, bytes.length - 60];
    for (const length of lengths)
      await expect(parseTrainingState(bytes.slice(0, length), 'state')).rejects.toThrow(damaged);
  });

  it('is refused where its parts do not fit', async () => {
    const { updates, first } = state.optimizer;
    const broken: Array<[string, TrainingState]> = [
      ['moments', { ...state, optimizer: { updates, first, second: {} } }],
      ['seed', { ...state, settings: { ...state.settings, seed: 0.5 } }],
      ['step', { ...state, step: -1 }],
      ['weightDecay', { ...state, groups: { [lora]: { weightDecay: -1 } } }],
    ];
    for (const [word, value] of broken) {
      const parsing = parseTrainingState(written(value), 'file.safetensors');
      await expect(parsing).rejects.toThrow(damaged);
      await expect(parsing).rejects.toThrow(new RegExp(`file\\.safetensors.*${word}`, 's'));
    }
  });

  it('is refused when it is of a version with another order of the data', async () => {
    const text = Buffer.from(written()).toString('latin1').replace('version\\":2', 'version\\":1');
    const parsing = parseTrainingState(Uint8Array.from(Buffer.from(text, 'latin1')), 'state');
    await expect(parsing).rejects.toThrow(damaged);
    await expect(parsing).rejects.toThrow(/earlier version/);
  });

  it('is not any other safetensors file', async () => {
    const { serializeSafetensors } = await import('@alphalora/checkpoint');
    const other = Buffer.concat(serializeSafetensors({ tensors: [] }));
    await expect(parseTrainingState(Uint8Array.from(other), 'other')).rejects.toThrow(
      /other.*training_state/,
    );
  });
});
