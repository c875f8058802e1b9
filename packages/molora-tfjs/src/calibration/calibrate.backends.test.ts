/** Every measure against plain sums over gradients and inputs that were found otherwise. */
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { languageModelLoss } from '../decoder/loss.js';
import { createFrozenLinear, type FrozenLinear } from '../ops/frozen-linear.js';
import type { LearningLinear } from '../ops/learning-linear.js';
import type { Linear } from '../ops/linear.js';
import type { ObservedLinear } from '../ops/observed-linear.js';
import { useBackend } from '../test-support/backend.js';
import { randomDecoder } from '../test-support/random-decoder.js';
import type { TokenBatch } from '../training/trainable.js';
import { createCalibrator } from './calibrate.js';
import { calibrationMeasures } from './measures.js';
import { loraInput } from './observed.js';

/** The second row is shorter; the first tokens of each are a prompt. */
const batch: TokenBatch = {
  ids: Int32Array.of(1, 5, 9, 2, 16, 3, 4, 8, 7, 0),
  weights: Float32Array.of(1, 0, 1, 0.5, 1, 1, 0, 2, 1, 0),
  rows: 2,
  length: 5,
  lengths: [5, 4],
};
const settings = { model_type: 'llama', rms_norm_eps: 1e-5, tie_word_embeddings: false };
const rank = 2;
const seed = 3;

/** Squared singular values come out right by their sum alone: the share of a rank is told by the call. */
const shapes: Array<[name: string, rows: number, columns: number]> = [];
const engine: SpectralEngine = {
  name: 'norms',
  async singularValues({ name, rows, columns, read }) {
    shapes.push([name, rows, columns]);
    const values = await read();
    // Of the columns, as if they were orthogonal.
    const norms = Float64Array.from({ length: columns }, (_, column) => {
      return Math.hypot(...values.filter((_, i) => i % columns === column));
    });
    return norms.sort().reverse();
  },
};

beforeAll(() => useBackend(inject('backend')));

/** The same decoder with other linear maps. */
function withMaps(decoder: Decoder, make: (map: Linear, name: string) => Linear): Decoder {
  const blocks = decoder.blocks.map((block, index) => {
    const projections: Record<string, Linear> = {};
    for (const { name } of decoder.config.blocks[index]!.projections)
      projections[name] = make(block.projections[name]!, name);
    return { ...block, projections };
  });
  return { ...decoder, blocks };
}

type Matrix = { values: Float64Array; rows: number; columns: number };
const matrix = async (tensor: tf.Tensor): Promise<Matrix> => {
  const [rows, columns] = tensor.shape as [number, number];
  return { values: Float64Array.from(await tensor.data()), rows, columns };
};
const product = (a: Matrix, b: Matrix): Matrix => {
  const values = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.columns; k++)
      for (let j = 0; j < b.columns; j++)
        values[i * b.columns + j]! += a.values[i * a.columns + k]! * b.values[k * b.columns + j]!;
  return { values, rows: a.rows, columns: b.columns };
};
/** The weight as checkpoints have it, as a tensor of the caller's. */
const stored = (map: FrozenLinear): tf.Tensor2D =>
  map.transposed ? map.transposed.clone() : tf.transpose<tf.Tensor2D>(map.kernel!);
const storedMatrix = async (map: FrozenLinear): Promise<Matrix> => {
  const weight = stored(map);
  return matrix(weight).finally(() => weight.dispose());
};
const turned = ({ values, rows, columns }: Matrix): Matrix => ({
  values: values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
  rows: columns,
  columns: rows,
});
const squares = ({ values }: Matrix): number => values.reduce((sum, x) => sum + x * x, 0);
const row = ({ values, columns }: Matrix, i: number): number[] => [
  ...values.subarray(i * columns, (i + 1) * columns),
];

describe('createCalibrator', () => {
  it('measures what plain sums over gradients and inputs give', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const gradients: Record<string, Matrix> = {};
    const inputs: Record<string, Matrix> = {};
    // Gradients of weights that learn, and inputs as they pass.
    const variables: tf.Variable[] = [];
    const learning = withMaps(decoder, (map, name): LearningLinear => {
      const weight = tf.tidy(() =>
        tf.variable(stored(map as FrozenLinear), true, `calibrated ${name}`),
      );
      variables.push(weight);
      return { weight: weight as tf.Variable<tf.Rank.R2> };
    });
    const { value, grads } = tf.variableGrads(
      () => languageModelLoss(learning, batch).loss,
      variables,
    );
    for (const [name, gradient] of Object.entries(grads))
      gradients[name.replace('calibrated ', '')] = await matrix(gradient);
    tf.dispose([value, grads, variables]);
    const seen: Record<string, tf.Tensor> = {};
    const watching = withMaps(decoder, (map, name) => ({
      ...(map as ObservedLinear),
      observer: {
        onInput(x: tf.Tensor2D) {
          seen[name] = tf.keep(tf.clone(x));
        },
      },
    }));
    languageModelLoss(watching, batch).loss.dispose();
    for (const [name, x] of Object.entries(seen)) {
      const all = await matrix(x);
      // Nine tokens; the last position is padding.
      inputs[name] = { ...all, values: all.values.subarray(0, 9 * all.columns), rows: 9 };
    }
    tf.dispose(seen);

    const before = tf.memory().numTensors;
    const options = { measures: calibrationMeasures, rank, seed, engine };
    const calibrator = await createCalibrator(decoder, options);
    const scores = await calibrator.measure(batch);
    expect(calibrator.projections).toHaveLength(14);
    for (const [i, { name, block }] of calibrator.projections.entries()) {
      const map = decoder.blocks[block]!.projections[name] as ObservedLinear;
      const weight = await storedMatrix(map);
      const gradient = gradients[name]!;
      const lora = loraInput(name, [weight.columns, rank], seed);
      const a = await matrix(lora);
      lora.dispose();
      const norm = Math.sqrt(squares(weight));
      const features = product(inputs[name]!, turned(weight));
      const ratios = Array.from({ length: 9 }, (_, t) => {
        return Math.hypot(...row(features, t)) / Math.hypot(...row(inputs[name]!, t));
      });
      const columns = Array.from({ length: weight.columns }, (_, column) =>
        inputs[name]!.values.reduce((sum, x, j) => {
          return j % weight.columns === column ? sum + x * x : sum;
        }, 0),
      ).sort((left, right) => right - left);
      const expected = {
        gradient: squares(gradient),
        sensitivity:
          gradient.values.reduce((sum, g, j) => sum + Math.abs(g * weight.values[j]!), 0) /
          gradient.values.length,
        fisher: squares(product(gradient, a)) / (rank * weight.rows),
        residual: Math.sqrt(squares(gradient)) / norm,
        activation:
          ((ratios.reduce((sum, ratio) => sum + ratio) / 9) * Math.sqrt(weight.columns)) / norm,
        'explained-variance':
          (columns[0]! + columns[1]!) / columns.reduce((sum, part) => sum + part, 0),
      };
      for (const measure of calibrationMeasures) {
        const found = scores[measure]![i]!;
        const error = Math.abs(found - expected[measure]) / expected[measure];
        expect(error, `${measure} of ${name}`).toBeLessThan(2e-5);
      }
    }
    // Query, key and value share an input, and so do gate and up.
    const decomposed = ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.gate_proj', 'mlp.down_proj'];
    expect(shapes.map(([name]) => name)).toEqual(
      [0, 1].flatMap((block) => decomposed.map((role) => `model.layers.${block}.${role}`)),
    );
    expect(shapes).toContainEqual(['model.layers.0.mlp.down_proj', 9, 20]);
    // The same without a way back, and for each batch anew.
    const forward = await createCalibrator(decoder, {
      measures: ['explained-variance'],
      ...{ rank, seed, engine },
    });
    for (const decompositions of [16, 24]) {
      const alone = await forward.measure(batch);
      alone['explained-variance']!.forEach((value, i) => {
        expect(Math.abs(value / scores['explained-variance']![i]! - 1)).toBeLessThan(1e-6);
      });
      expect(shapes).toHaveLength(decompositions);
    }
    forward.dispose();
    calibrator.dispose();
    expect(tf.memory().numTensors).toBe(before);
    decoder.dispose();
  });

  it('measures the experts of a mixture, of which some take no token', async () => {
    const mixture = { model_type: 'mixtral', num_local_experts: 8, num_experts_per_tok: 1 };
    const decoder = await loadDecoder(
      (await randomDecoder({ ...settings, ...mixture })).checkpoint,
    );
    const variables: tf.Variable[] = [];
    const learning = withMaps(decoder, (map, name): LearningLinear => {
      const weight = tf.tidy(() =>
        tf.variable(stored(map as FrozenLinear), true, `calibrated ${name}`),
      );
      variables.push(weight);
      return { weight: weight as tf.Variable<tf.Rank.R2> };
    });
    const { value, grads } = tf.variableGrads(
      () => languageModelLoss(learning, batch).loss,
      variables,
    );
    const measures = ['gradient', 'sensitivity', 'fisher', 'residual'] as const;
    const calibrator = await createCalibrator(decoder, { measures, rank, seed });
    const scores = await calibrator.measure(batch);
    let none = 0;
    for (const [i, { name }] of calibrator.projections.entries()) {
      const gradient = grads[`calibrated ${name}`];
      const expected = gradient ? squares(await matrix(gradient)) : 0;
      if (expected === 0) none++;
      expect(Math.abs(scores.gradient![i]! - expected)).toBeLessThanOrEqual(2e-5 * expected);
      for (const measure of measures) expect(scores[measure]![i]! > 0).toBe(expected > 0);
    }
    expect(calibrator.projections).toHaveLength(2 * (4 + 8 * 3));
    expect(none).toBeGreaterThan(0);
    await expect(measured(decoder, batch, { measures: ['activation'] })).rejects.toThrow(
      /activation compares inputs, and the experts of a mixture take each their own tokens/,
    );
    tf.dispose([value, grads, variables]);
    calibrator.dispose();
    decoder.dispose();
  });

  it('needs no gradient for measures of inputs, which are the same', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    const all = await createCalibrator(decoder, {
      measures: ['gradient', 'activation'],
      rank,
      seed,
    });
    const forward = await createCalibrator(decoder, { measures: ['activation'], rank, seed });
    const [both, alone] = [await all.measure(batch), await forward.measure(batch)];
    expect(Object.keys(alone)).toEqual(['activation']);
    alone.activation!.forEach((value, i) => {
      expect(Math.abs(value / both.activation![i]! - 1)).toBeLessThan(1e-6);
    });
    all.dispose();
    forward.dispose();
    decoder.dispose();
  });

  it.each<[string, Partial<Parameters<typeof createCalibrator>[1]>, TokenBatch, RegExp]>([
    ['no target', {}, { ...batch, weights: new Float32Array(10) }, /no token of this batch/],
    ['explained variance without an engine', { measures: ['explained-variance'] }, batch, /engine/],
  ])('refuses %s', async (_, options, given, message) => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    await expect(measured(decoder, given, options)).rejects.toThrow(message);
    decoder.dispose();
  });

  it('takes zeros for what a backend gives that computes nothing', async () => {
    const decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
    // Nothing that a block does reaches the loss.
    const output = createFrozenLinear(tf.zeros(decoder.embeddings.shape));
    await expect(measured({ ...decoder, output }, batch)).rejects.toThrow(
      /gradient is exactly 0 for all projections/,
    );
    tf.dispose({ ...output });
    decoder.dispose();
  });
});

async function measured(decoder: Decoder, given: TokenBatch, options = {}): Promise<void> {
  const own = { measures: ['gradient'] as const, rank, seed };
  const calibrator = await createCalibrator(decoder, { ...own, ...options });
  await calibrator.measure(given).finally(calibrator.dispose);
}
