import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { bigramModel, randomSequences, type TinyModel } from '../test-support/tiny-model.js';
import type { TrainingCallback } from './callbacks.js';
import { evaluateLoss } from './evaluate-loss.js';
import { trainingSettings } from './settings.js';
import { train } from './train.js';
import type { Trainable } from './trainable.js';

const VOCABULARY = 7;
const sequences = randomSequences(8, VOCABULARY);
const settings = trainingSettings({ steps: 3, warmupSteps: 0 }, sequences.length);

/** @returns the states that the run saved, and how it ended */
async function outcome(
  model: Trainable,
  { learningRate = 1e-3, callbacks = [] as TrainingCallback[] } = {},
) {
  const saved: number[] = [];
  const run = train({
    model,
    sequences,
    callbacks,
    settings: { ...settings, learningRate },
    checkpoints: { every: 1, save: async ({ step }) => void saved.push(step) },
  });
  const error: unknown = await run.then(
    () => undefined,
    (error) => error,
  );
  return { saved, error };
}

const failed = (message: RegExp) =>
  expect.toSatisfy(
    (error) => isAlphaLoraError(error, 'TRAINING_FAILED') && message.test(error.message),
  );

describe('a run ends without a checkpoint', () => {
  let model: TinyModel;
  let tensors: number;
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => {
    tensors = tf.memory().numTensors;
    model = bigramModel(VOCABULARY);
  });
  afterEach(() => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });
  const withLoss = (loss: (table: tf.Variable, right: tf.Scalar) => tf.Tensor): Trainable => ({
    ...model,
    loss: (...given) => loss(model.variables[0]!, model.loss(...given)).asScalar(),
  });

  it('when nothing that trains has an effect on the loss', async () => {
    // As experts with B = 0 under a gate that alone learns.
    const { saved, error } = await outcome(withLoss((table) => table.mul(0).sum().add(2)));
    expect(error).toEqual(
      failed(/^step 1 has loss 2 and gradient norm 0, .*no effect on the loss/),
    );
    expect(saved).toEqual([]);
  });

  it('when a learning rate has flattened the model, which is told', async () => {
    let step = 0;
    const counting: TrainingCallback = {
      name: 'count',
      onStep(report) {
        step = report.step;
      },
    };
    const flat = withLoss((table, loss) =>
      step < 2 ? loss : table.mul(0).sum().add(Math.log(VOCABULARY)),
    );
    const { saved, error } = await outcome(
      { ...flat, vocabularySize: VOCABULARY },
      { callbacks: [counting] },
    );
    expect(error).toEqual(failed(/^step 3 .*chance \(ln 7\).*learning rate .* has flattened/));
    expect(saved).toEqual([1, 2]);
  });

  it('when the loss is exactly 0', async () => {
    const { saved, error } = await outcome(withLoss((table) => table.sum()));
    expect(error).toEqual(failed(/^step 1 has loss 0 and gradient norm 7, /));
    expect(saved).toEqual([]);
  });

  it('when the loss falls to exactly 0 later, but keeps what it had', async () => {
    let step = 0;
    const counting: TrainingCallback = {
      name: 'count',
      onStep(report) {
        step = report.step;
      },
    };
    const { saved, error } = await outcome(
      withLoss((_, loss) => (step < 2 ? loss : loss.mul(0))),
      { callbacks: [counting] },
    );
    expect(error).toEqual(failed(/^step 3 has loss 0 .*learned all there is; train fewer steps$/));
    expect(saved).toEqual([1, 2]);
  });

  it('when there are no numbers before anything was trained', async () => {
    const { saved, error } = await outcome(withLoss((_, loss) => loss.mul(Number.NaN)));
    expect(error).toEqual(
      failed(/^step 1 has loss NaN and gradient norm NaN: nothing was trained/),
    );
    expect(saved).toEqual([]);
  });

  it('when the last update overflows, which no later step sees', async () => {
    const { saved, error } = await outcome(model, { learningRate: 1e39 });
    expect(error).toEqual(failed(/^after step 1 table has NaN or infinity: the run diverged/));
    expect(saved).toEqual([]);
  });

  it('but not when a callback holds every gradient back', async () => {
    const norms: number[] = [];
    const warmup: TrainingCallback = {
      name: 'warm-up',
      onGradients: (gradients, { step }) => (step === 0 ? {} : gradients),
      onStep: ({ gradientNorm }) => void norms.push(gradientNorm),
    };
    const { saved, error } = await outcome(model, { callbacks: [warmup] });
    expect([error, saved]).toEqual([undefined, [1, 2, 3]]);
    expect(norms[0]).toBe(0);
    expect(norms[1]).toBeGreaterThan(0);
  });

  it('and an evaluation has no mean of what is no number', async () => {
    const broken = withLoss((_, loss) => loss.mul(Number.POSITIVE_INFINITY));
    await expect(evaluateLoss({ model: broken, sequences, batchSize: 4 })).rejects.toEqual(
      expect.toSatisfy((error) => isAlphaLoraError(error, 'ENGINE_FAILED')),
    );
  });
});
