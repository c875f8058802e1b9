/** Gradients of all weights of a decoder against slopes of a float64 reference. */
import { memorySource, readCheckpoint } from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { loadDecoder } from '../decoder/decoder.js';
import { logits } from '../decoder/forward.js';
import { useBackend } from '../test-support/backend.js';
import { type RandomDecoder, smallShape } from '../test-support/random-decoder.js';
import { referenceLogits } from '../test-support/reference-decoder.js';
import { randomSequences } from '../test-support/tiny-model.js';
import { type Pretrainable, pretrainable } from './pretrainable.js';
import { trainingSettings } from './settings.js';
import { train } from './train.js';
import type { TokenBatch } from './trainable.js';

/** Two rows, the second shorter; tokens repeat, so that rows of the embedding get several gradients. */
const batch: TokenBatch = {
  ids: Int32Array.of(1, 5, 9, 5, 16, 3, 4, 5, 3, 0),
  weights: Float32Array.of(1, 0, 1, 0.5, 1, 1, 0, 2, 1, 0),
  rows: 2,
  length: 5,
  lengths: [5, 4],
};

const config = {
  ...smallShape,
  model_type: 'llama',
  num_hidden_layers: 1,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  tie_word_embeddings: true,
};
const gelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const silu = (x: number): number => x / (1 + Math.exp(-x));

const models = [
  { name: 'tied embeddings', settings: {}, reference: { activation: silu } },
  {
    name: 'an output layer and biases',
    settings: { model_type: 'qwen2', tie_word_embeddings: false },
    reference: { activation: silu },
  },
  {
    name: 'gains without their offset',
    settings: { model_type: 'gemma' },
    reference: {
      activation: gelu,
      gain: (stored: number): number => 1 + stored,
      embeddingScale: Math.sqrt(smallShape.hidden_size),
    },
  },
];

beforeAll(() => useBackend(inject('backend')));

describe.each(models)('a model with $name', ({ settings, reference }) => {
  const json = { ...config, ...settings };

  it('has the slopes of a float64 reference in every weight', async () => {
    const model = disturbed(pretrainable(json, { seed: 3, standardDeviation: 0.3 }));
    const stored = await storedWeights(model);
    const lossOf = (weights: RandomDecoder['weights']): number =>
      referenceLoss({ weights, config: json }, reference);
    const { value, grads } = tf.variableGrads(
      () => model.trainable.loss(batch, { seed: 0, training: true }),
      [...model.trainable.variables],
    );
    expect(Math.abs(value.dataSync()[0]! - lossOf(stored))).toBeLessThan(1e-5);
    expect(Object.keys(grads).sort()).toEqual([...stored.keys()].sort());
    for (const [name, gradient] of Object.entries(grads)) {
      const draw = seededRandom(3, name);
      const direction = Float64Array.from({ length: gradient.size }, () => draw() - 0.5);
      const at = (distance: number): number => {
        const { shape, values } = stored.get(name)!;
        const moved = Float64Array.from(values, (value, i) => value + distance * direction[i]!);
        return lossOf(new Map(stored).set(name, { shape, values: moved }));
      };
      const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
      const found = valuesOf(gradient).reduce((sum, one, i) => sum + one * direction[i]!, 0);
      expect(Math.abs(found - slope), name).toBeLessThan(2e-5 + 1e-4 * Math.abs(slope));
    }
    tf.dispose([value, grads]);
    model.dispose();
  });

  it('is stored as the model that it is', async () => {
    const model = disturbed(pretrainable(json, { seed: 3, standardDeviation: 0.3 }));
    const ids = tf.tensor2d(batch.ids, [2, 5], 'int32');
    const own = valuesOf(logits(model.decoder, ids).logits);
    const distance = async (dtype: 'F32' | 'BF16'): Promise<number> => {
      const decoder = await loadDecoder(await opened(model, dtype), json);
      const again = valuesOf(logits(decoder, ids).logits);
      decoder.dispose();
      return again.reduce((most, z, i) => Math.max(most, Math.abs(z - own[i]!)), 0);
    };
    expect(await distance('F32')).toBeLessThan(1e-5);
    // Three weights in a row, each off by at most 2^-9 of itself, change logits of about 1 so much.
    expect(await distance('BF16')).toBeLessThan(0.05);
    model.dispose();
  });
});

describe('training from scratch', () => {
  it('learns, and keeps nothing in memory', async () => {
    const before = tf.memory().numTensors;
    const model = pretrainable(config, { seed: 5 });
    const sequences = randomSequences(8, config.vocab_size);
    const losses: number[] = [];
    await train({
      model: model.trainable,
      sequences,
      settings: trainingSettings(
        { steps: 60, batchSize: 8, learningRate: 1e-2, weightDecay: 0.1 },
        sequences.length,
      ),
      callbacks: [{ name: 'losses', onStep: ({ loss }) => void losses.push(loss) }],
    });
    // A model that knows nothing has the entropy of all tokens.
    expect(losses[0]).toBeCloseTo(Math.log(config.vocab_size), 1);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Gains and biases start all alike, which would hide mistakes. */
function disturbed(model: Pretrainable): Pretrainable {
  for (const variable of model.trainable.variables) {
    if (variable.rank !== 1) continue;
    const draw = seededRandom(9, variable.name);
    const change = tf.tensor1d(Float32Array.from({ length: variable.size }, () => draw() - 0.5));
    tf.tidy(() => variable.assign(variable.add(change)));
    change.dispose();
  }
  return model;
}

function valuesOf(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync() as Float32Array;
}

async function opened(model: Pretrainable, dtype: 'F32' | 'BF16') {
  const file = await model.checkpoint({ dtype, metadata: { format: 'pt' } });
  const bytes = new Uint8Array(await new Blob(file as BlobPart[]).arrayBuffer());
  return readCheckpoint({ files: [memorySource(bytes, 'model.safetensors')] });
}

async function storedWeights(model: Pretrainable): Promise<RandomDecoder['weights']> {
  const weights: RandomDecoder['weights'] = new Map();
  for (const { name, shape, read } of (await opened(model, 'F32')).tensors)
    weights.set(name, { shape: [...shape], values: (await read()) as Float32Array });
  return weights;
}

function referenceLoss(
  model: Pick<RandomDecoder, 'weights' | 'config'>,
  options: Omit<Parameters<typeof referenceLogits>[2], 'angle'>,
): number {
  const angle = (position: number, pair: number): number =>
    position / 10_000 ** ((2 * pair) / smallShape.head_dim);
  let [loss, total] = [0, 0];
  for (let row = 0; row < batch.rows; row++) {
    const ids = Array.from(batch.ids.subarray(row * batch.length, (row + 1) * batch.length));
    const scores = referenceLogits(model, ids, { ...options, angle });
    for (let t = 1; t < batch.length; t++) {
      const weight = batch.weights[row * batch.length + t]!;
      const normaliser = Math.log(scores[t - 1]!.reduce((sum, z) => sum + Math.exp(z), 0));
      loss += weight * (normaliser - scores[t - 1]![ids[t]!]!);
      total += weight;
    }
  }
  return loss / total;
}
