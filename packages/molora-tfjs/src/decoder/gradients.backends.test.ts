/** Gradients through a whole decoder, with and without recomputation. */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec, AdapterState, TensorValues } from '../adapters/adapter-spec.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { useBackend } from '../test-support/backend.js';
import { type RandomDecoder, randomDecoder, smallShape } from '../test-support/random-decoder.js';
import { referenceLogits } from '../test-support/reference-decoder.js';
import type { TokenBatch } from '../training/trainable.js';
import { adaptedModel } from './adapted-model.js';
import { type Decoder, loadDecoder } from './decoder.js';
import { logits } from './forward.js';

/** Two rows; the second is shorter. The first tokens of each are a prompt. */
const batch: TokenBatch = {
  ids: Int32Array.of(1, 5, 9, 2, 16, 3, 4, 8, 7, 0),
  weights: Float32Array.of(1, 0, 1, 0.5, 1, 1, 0, 2, 1, 0),
  rows: 2,
  length: 5,
  lengths: [5, 4],
};

const families = [
  {
    name: 'Mistral with a window of 3',
    settings: { model_type: 'mistral', sliding_window: 3, rms_norm_eps: 1e-5 },
    reference: {
      activation: (x: number): number => x / (1 + Math.exp(-x)),
      sees: (query: number, key: number): boolean => query - key < 3,
    },
    other: { tie_word_embeddings: false },
  },
  {
    name: 'Mixtral, with adapters on its experts',
    settings: {
      model_type: 'mixtral',
      rms_norm_eps: 1e-5,
      num_local_experts: 4,
      num_experts_per_tok: 2,
    },
    reference: {
      activation: (x: number): number => x / (1 + Math.exp(-x)),
      perToken: 2,
    },
    other: { tie_word_embeddings: false },
  },
  {
    name: 'Gemma',
    settings: { model_type: 'gemma', rms_norm_eps: 1e-6 },
    reference: {
      activation: (x: number): number =>
        0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
      gain: (stored: number): number => 1 + stored,
      embeddingScale: Math.sqrt(smallShape.hidden_size),
    },
    other: {},
  },
];

beforeAll(() => useBackend(inject('backend')));

describe.each(families)('$name', ({ settings, reference, other }) => {
  it('has the slopes of a float64 reference in every tensor of the adapter', async () => {
    const random = await randomDecoder({ ...settings, ...other });
    const decoder = await loadDecoder(random.checkpoint);
    const state = adapterState(decoder, { experts: 1, dropout: 0 });
    const angle = (position: number, pair: number): number =>
      position / 10_000 ** ((2 * pair) / smallShape.head_dim);
    const lossOf = (tensors: Tensors64): number =>
      referenceLoss(merged(random, state.spec, tensors), { ...reference, angle });
    const exact: Tensors64 = mapTensors(state.tensors, (values) => Float64Array.from(values));

    const { loss, gradients } = await step(decoder, state, {});
    expect(Math.abs(loss - lossOf(exact))).toBeLessThan(1e-5);
    for (const [name, gradient] of Object.entries(gradients)) {
      const draw = seededRandom(3, name);
      const direction = gradient.map(() => draw() - 0.5);
      const at = (distance: number): number => {
        const moved = exact[name]!.map((value, i) => value + distance * direction[i]!);
        return lossOf({ ...exact, [name]: moved });
      };
      const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
      const found = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      expect(Math.abs(found - slope), name).toBeLessThan(2e-5 + 1e-4 * Math.abs(slope));
    }
    expect(Object.keys(gradients)).toHaveLength(Object.keys(state.tensors).length);
    decoder.dispose();
  });
});

const common = { rms_norm_eps: 1e-5, tie_word_embeddings: true };

describe.each([
  { ...common, model_type: 'llama' },
  { ...common, model_type: 'mixtral', num_local_experts: 4, num_experts_per_tok: 2 },
])('a mixture of LoRAs on $model_type', (settings) => {
  const losses = ['load-balance', 'pooled-load-balance'];
  it.each(losses)('gives the same loss and gradients with recomputed blocks: %s', async (name) => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const state = adapterState(decoder, { experts: 3, dropout: 0.3 });
    const routerLoss = { name, coefficient: 0.1 };
    const kept = await step(decoder, state, { routerLoss });
    const again = await step(decoder, state, { routerLoss, recompute: true });
    const without = await step(decoder, state, {});
    expect(again.loss).toBe(kept.loss);
    expect(again.gradients).toEqual(kept.gradients);
    expect(without.loss).toBeLessThan(kept.loss - 0.1);
    expect(Object.keys(kept.gradients)).toHaveLength(Object.keys(state.tensors).length);
    decoder.dispose();
  });

  it('does not count padding in the loss of the routers', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const state = adapterState(decoder, { experts: 3, dropout: 0 });
    const routerLoss = { name: 'load-balance', coefficient: 0.1 };
    const padded = await step(decoder, state, { routerLoss });
    const ids = batch.ids.slice();
    ids[9] = 13;
    const other = await step(decoder, state, { routerLoss, batch: { ...batch, ids } });
    expect(other.loss).toBe(padded.loss);
    const longer = { ...batch, ids, lengths: [5, 5] };
    expect((await step(decoder, state, { routerLoss, batch: longer })).loss).not.toBe(padded.loss);
    decoder.dispose();
  });

  it('pools the tokens of all blocks for the loss of MixLoRA', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const state = adapterState(decoder, { experts: 3, dropout: 0 });
    const full = { ...batch, lengths: [5, 5] };
    const routerLoss = { name: 'pooled-load-balance', coefficient: 1 };
    const without = await step(decoder, state, { batch: full });
    const { loss } = await step(decoder, state, { routerLoss, batch: full });
    const model = adaptedModel(decoder, state);
    const [gates, probabilities] = (['gates', 'probabilities'] as const).map((part) =>
      tf.tidy(() => {
        const ids = tf.tensor2d(batch.ids, [2, 5], 'int32');
        const { routings } = logits(decoder, ids, model);
        return Object.values(routings).flatMap((routing) => routing[part].arraySync());
      }),
    );
    model.dispose();
    // As the load balance loss of Transformers: tokens per expert times mean probability, times experts.
    const mean = (rows: number[][], e: number) =>
      rows.reduce((total, row) => total + row[e]!, 0) / rows.length;
    const selected = gates!.map((row) => row.map((gate) => (gate === 0 ? 0 : 1)));
    const expected = [0, 1, 2].reduce(
      (total, e) => total + 3 * mean(selected, e) * mean(probabilities!, e),
      0,
    );
    expect(loss - without.loss).toBeCloseTo(expected, 4);
    decoder.dispose();
  });

  it('leaves the logits as they are to the last bit while B is zero', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const { spec } = adapterState(decoder, { experts: 3, dropout: 0.3 });
    const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 5) });
    const [base, adapted] = tf.tidy(() => {
      const ids = tf.tensor2d(batch.ids, [2, 5], 'int32');
      const { adapter } = model;
      return [
        logits(decoder, ids).logits.dataSync(),
        logits(decoder, ids, { adapter }).logits.dataSync(),
      ];
    });
    expect(adapted).toEqual(base);
    model.dispose();
    decoder.dispose();
  });

  it('holds one block at its peak when blocks are recomputed, whatever the depth', async () => {
    const peak = async (blocks: number, recompute: boolean): Promise<number> => {
      const shape = { ...smallShape, num_hidden_layers: blocks };
      const decoder = await loadDecoder((await randomDecoder(settings, { shape })).checkpoint);
      const state = adapterState(decoder, { experts: 1, dropout: 0 });
      const resting = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(async () => {
        await step(decoder, state, { recompute });
      });
      decoder.dispose();
      return peakBytes - resting;
    };
    const more = async (recompute: boolean): Promise<number> =>
      ((await peak(6, recompute)) - (await peak(3, recompute))) / 3;
    // What remains: the block's input, its gradient, and the adapter with its gradients.
    expect(await more(true)).toBeLessThan((await more(false)) / 3);
    const [recomputed, kept] = [await peak(6, true), await peak(6, false)];
    expect(recomputed).toBeLessThan(kept / 2);
  });

  it.each([false, true])('keeps nothing over 200 steps, recomputed: %s', async (recompute) => {
    const shape = { ...smallShape, num_hidden_layers: 1 };
    const decoder = await loadDecoder((await randomDecoder(settings, { shape })).checkpoint);
    const state = adapterState(decoder, { experts: 3, dropout: 0.1 });
    const routerLoss = { name: 'load-balance', coefficient: 0.1 };
    const model = adaptedModel(decoder, state, { recompute, routerLoss });
    const memory: string[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const { value, grads } = tf.variableGrads(
        () => model.trainable.loss(batch, { seed, training: true }),
        [...model.trainable.variables],
      );
      tf.dispose([value, grads]);
      const { numTensors, numBytes, numDataBuffers } = tf.memory();
      // The heap of WebAssembly only grows; by the tenth step it has found its size.
      const heap = seed < 10 ? undefined : wasmHeapBytes();
      memory.push(`${numTensors} ${numBytes} ${numDataBuffers} ${heap}`);
    }
    expect(new Set(memory.slice(10)).size).toBe(1);
    expect(memory[0]).toBe(memory[9]);
    model.dispose();
    decoder.dispose();
  });
});

function wasmHeapBytes(): number | undefined {
  return (tf.backend() as { wasm?: { HEAPU8: Uint8Array } }).wasm?.HEAPU8.length;
}

type Tensors64 = Record<string, Float64Array>;

function mapTensors(
  tensors: AdapterState['tensors'],
  f: (values: Float32Array) => Float64Array,
): Tensors64 {
  return Object.fromEntries(Object.entries(tensors).map(([name, { values }]) => [name, f(values)]));
}

/** An adapter on all projections, with B that is not zero. */
function adapterState(
  { config }: Decoder,
  { experts, dropout }: { experts: number; dropout: number },
): AdapterState {
  const projections: AdapterSpec['projections'] = config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }) => {
      return {
        name,
        block,
        role,
        inputs,
        outputs,
        ranks: Array.from({ length: experts }, (_, e) => 2 + e),
        scalings: Array.from({ length: experts }, (_, e) => 2 / (1 + e)),
        topK: Math.min(2, experts),
      };
    }),
  );
  const spec = { projections, router: { name: 'top-k', options: {} }, dropout };
  const tensors: Record<string, TensorValues> = initialTensors(spec, 11);
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (!name.endsWith('.lora_B')) continue;
    const draw = seededRandom(13, name);
    tensors[name] = { shape, values: values.map(() => 0.4 * (draw() - 0.5)) };
  }
  return { spec, tensors };
}

async function step(
  decoder: Decoder,
  state: AdapterState,
  {
    batch: tokens = batch,
    ...options
  }: Parameters<typeof adaptedModel>[2] & { batch?: TokenBatch },
): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
  const model = adaptedModel(decoder, state, options);
  const { value, grads } = tf.variableGrads(
    () => model.trainable.loss(tokens, { seed: 4, training: true }),
    [...model.trainable.variables],
  );
  const gradients = Object.fromEntries(
    Object.entries(grads).map(([name, gradient]) => [name, gradient.dataSync() as Float32Array]),
  );
  const loss = value.dataSync()[0]!;
  tf.dispose([value, grads]);
  model.dispose();
  return { loss, gradients };
}

/** The decoder with its adapter added to the weights: W + scaling (A B)^T, in float64. */
function merged(
  { weights, config }: RandomDecoder,
  spec: AdapterSpec,
  tensors: Tensors64,
): Pick<RandomDecoder, 'weights' | 'config'> {
  const changed = new Map(weights);
  for (const { name, inputs, outputs, ranks, scalings } of spec.projections) {
    const [a, b, rank] = [tensors[`${name}.lora_A`]!, tensors[`${name}.lora_B`]!, ranks[0]!];
    const { shape, values } = weights.get(`${name}.weight`)!;
    const sum = Float64Array.from(values);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        for (let r = 0; r < rank; r++) {
          sum[o * inputs + i]! += scalings[0]! * a[i * rank + r]! * b[r * outputs + o]!;
        }
      }
    }
    changed.set(`${name}.weight`, { shape, values: sum });
  }
  return { weights: changed, config };
}

function referenceLoss(
  model: Pick<RandomDecoder, 'weights' | 'config'>,
  options: Parameters<typeof referenceLogits>[2],
): number {
  let [loss, total] = [0, 0];
  for (let row = 0; row < batch.rows; row++) {
    const ids = Array.from(batch.ids.subarray(row * batch.length, (row + 1) * batch.length));
    const logits = referenceLogits(model, ids, options);
    for (let t = 1; t < batch.length; t++) {
      const weight = batch.weights[row * batch.length + t]!;
      const scores = logits[t - 1]!;
      const normaliser = Math.log(scores.reduce((sum, z) => sum + Math.exp(z), 0));
      loss += weight * (normaliser - scores[ids[t]!]!);
      total += weight;
    }
  }
  return loss / total;
}
