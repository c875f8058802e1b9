/** Growing ranks, a router's loss and recomputation in a run of the trainer on a decoder. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { useBackend } from '../test-support/backend.js';
import { randomDecoder } from '../test-support/random-decoder.js';
import type { TokenSequence } from '../training/sequences.js';
import { trainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import type { TrainingState } from '../training/training-state.js';
import { dynamicRank } from './dynamic-rank.js';
import { initialTensors } from './initial-tensors.js';

let decoder: Decoder;
beforeAll(async () => {
  await useBackend('wasm');
  const { checkpoint, config } = await randomDecoder({
    model_type: 'llama',
    tie_word_embeddings: true,
  });
  decoder = await loadDecoder(checkpoint, config);
});

const spec: AdapterSpec = {
  projections: [0, 1].map((block) => ({
    name: `model.layers.${block}.mlp.gate_proj`,
    block,
    inputs: 12,
    outputs: 20,
    ranks: [6, 6, 6],
    scalings: [2, 2, 2],
    topK: 2,
  })),
  router: { name: 'top-k', options: {} },
  dropout: 0.1,
};

const sequences: TokenSequence[] = Array.from({ length: 12 }, (_, i) => ({
  ids: Int32Array.from({ length: 5 + (i % 3) }, (_, t) => (3 * i + 2 * t) % 17),
  weights: Float32Array.from({ length: 5 + (i % 3) }, () => 1),
}));

const settings = trainingSettings(
  { steps: 20, batchSize: 4, microBatchSize: 2, learningRate: 0.1, weightDecay: 0.1 },
  sequences.length,
);

/** Stops after so many steps, where given. */
async function run(resume?: TrainingState, until?: number) {
  const control = dynamicRank({ spec, initial: 1, target: 3, interval: 4, warmup: 0.1 });
  const model = adaptedModel(
    decoder,
    { spec, tensors: initialTensors(spec, 1) },
    {
      onGates: control.onGates,
      recompute: true,
      routerLoss: { name: 'load-balance', coefficient: 0.01 },
    },
  );
  const abort = new AbortController();
  let state: TrainingState | undefined;
  const losses: number[] = [];
  try {
    state = await train({
      model: model.trainable,
      sequences,
      settings,
      signal: abort.signal,
      ...(resume && { resume }),
      callbacks: [
        control.callback,
        {
          name: 'watch',
          onStep({ loss, step }) {
            losses.push(loss);
            if (step === until) abort.abort();
          },
        },
      ],
      checkpoints: {
        every: 100,
        save: async (saved) => {
          state = saved;
        },
      },
    });
  } catch (error) {
    if (until === undefined) throw error;
  }
  model.dispose();
  return { state: state!, losses, ranks: control.ranks() };
}

it('learns, grows to the budget, and goes on bit for bit after an interruption', async () => {
  const before = tf.memory().numTensors;
  const whole = await run();
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  // Three steps are one pass over the data.
  expect(sum(whole.losses.slice(-3))).toBeLessThan(0.8 * sum(whole.losses.slice(0, 3)));
  for (const ranks of Object.values(whole.ranks)) expect(sum(ranks)).toBe(9);

  const first = await run(undefined, 11);
  expect(first.losses).toEqual(whole.losses.slice(0, 11));
  const second = await run(first.state);
  expect(second.losses).toEqual(whole.losses.slice(11));
  expect(second.ranks).toEqual(whole.ranks);
  expect(second.state.tensors).toEqual(whole.state.tensors);
  expect(tf.memory().numTensors).toBe(before);
});
