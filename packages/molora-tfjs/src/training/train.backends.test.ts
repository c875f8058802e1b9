/** The training loop, on models of one or two layers. */
import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { bigramByHand } from '../test-support/bigram-by-hand.js';
import {
  bigramModel,
  dropoutModel,
  randomSequences,
  type TinyModel,
} from '../test-support/tiny-model.js';
import type { StepReport, TrainingCallback } from './callbacks.js';
import { evaluateLoss } from './evaluate-loss.js';
import { trainingSettings } from './settings.js';
import { type TrainingRun, train } from './train.js';
import {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from './training-state.js';

const VOCABULARY = 11;
const sequences = randomSequences(30, VOCABULARY);
const invalid = expect.toSatisfy((error) => isAlphaLoraError(error, 'INVALID_OPTION'));

/** Keeps the reports of a run. */
function recorder(): TrainingCallback & { reports: StepReport[] } {
  const reports: StepReport[] = [];
  return { name: 'recorder', reports, onStep: (report) => void reports.push(report) };
}

beforeAll(() => useBackend(inject('backend')));

let model: TinyModel | undefined;
const use = (made: TinyModel): TinyModel => {
  model = made;
  return made;
};
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
// Whatever a test does, it leaves no tensor behind.
afterEach(() => {
  model?.dispose();
  model = undefined;
  expect(tf.memory().numTensors).toBe(tensors);
});

describe('training', () => {
  it('takes the steps that softmax regression and AdamW take by their formulas', async () => {
    const data = sequences.slice(0, 6);
    const settings = trainingSettings(
      {
        steps: 5,
        batchSize: 6,
        microBatchSize: 2,
        learningRate: 0.1,
        warmupSteps: 2,
        weightDecay: 0.1,
        clipNorm: 0.1,
        schedule: 'cosine',
      },
      data.length,
    );
    const seen = recorder();
    const state = await train({
      model: use(bigramModel(VOCABULARY)),
      sequences: data,
      settings,
      callbacks: [seen],
    });
    // Warm-up to 0.1 by thirds, then cosine over three steps.
    const rates = [1 / 30, 2 / 30, 0.1, 0.075, 0.025];
    const expected = bigramByHand(data, VOCABULARY, rates, { weightDecay: 0.1, clipNorm: 0.1 });
    seen.reports.forEach((report, i) => {
      expect(report.learningRate).toBeCloseTo(rates[i]!, 12);
      expect(report.loss).toBeCloseTo(expected.losses[i]!, 5);
      expect(report.gradientNorm).toBeCloseTo(expected.norms[i]!, 5);
      expect(report.step).toBe(i + 1);
      expect(report.epoch).toBe(i + 1);
      expect(report.tokens).toBe(data.flatMap(({ ids }) => [...ids]).length);
    });
    // At least one step was clipped, and at least one weight moved.
    expect(Math.max(...expected.norms)).toBeGreaterThan(0.1);
    [...state.tensors['table']!.values].forEach((value, i) => {
      expect(Math.abs(value - expected.table[i]!)).toBeLessThan(1e-5);
    });
    expect(expected.losses[4]!).toBeLessThan(expected.losses[0]! - 0.1);
  });

  it('goes on from every step as if it had not stopped, to the last bit', async () => {
    const settings = trainingSettings(
      { steps: 12, batchSize: 6, microBatchSize: 3, learningRate: 0.02 },
      sequences.length,
    );
    const straight = recorder();
    const states: TrainingState[] = [];
    const groups = { 'block.0.lora_A': { learningRateFactor: 3, weightDecay: 0.2 } };
    const model = { ...use(dropoutModel(VOCABULARY)), groups };
    const end = await train({
      model,
      sequences,
      settings,
      callbacks: [straight],
      checkpoints: { every: 1, save: async (state) => void states.push(state) },
    });
    expect(states.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    // Five steps an epoch: from the middle of one, from its end, and from the end of the run.
    for (const step of [1, 3, 5, 10, 12]) {
      const bytes = Buffer.concat(serializeTrainingState(states[step - 1]!));
      const resume = await parseTrainingState(Uint8Array.from(bytes), 'state');
      const resumed = recorder();
      const other = await train({
        model,
        sequences,
        settings,
        callbacks: [resumed],
        resume,
      });
      expect(resumed.reports.map(({ loss }) => loss)).toEqual(
        straight.reports.slice(step).map(({ loss }) => loss),
      );
      expect(other).toEqual(end);
    }
  });

  it.each([true, false])(
    'takes the same steps whatever the micro-batches (grouped by length: %s)',
    async (groupByLength) => {
      // 18 sequences in steps of 4: one step of each epoch has 2.
      const data = sequences.slice(0, 18);
      const losses = async (microBatchSize: number): Promise<number[]> => {
        const settings = trainingSettings(
          { steps: 10, batchSize: 4, microBatchSize, groupByLength, learningRate: 0.05 },
          data.length,
        );
        const made = dropoutModel(VOCABULARY, 0);
        const seen = recorder();
        await train({ model: made, sequences: data, settings, callbacks: [seen] });
        made.dispose();
        return seen.reports.map(({ loss }) => loss);
      };
      const whole = await losses(4);
      for (const microBatchSize of [1, 2]) {
        const parts = await losses(microBatchSize);
        // The order of the summation alone differs; other examples differ from the first digit on.
        for (const [i, loss] of parts.entries()) expect(loss).toBeCloseTo(whole[i]!, 5);
      }
      expect(Math.max(...whole) - Math.min(...whole)).toBeGreaterThan(0.05);
    },
  );

  it('depends on the seed, by the order of the data and by dropout', async () => {
    const losses = async (seed: number, groupByLength: boolean): Promise<number[]> => {
      const settings = trainingSettings({ steps: 3, seed, groupByLength }, sequences.length);
      const made = dropoutModel(VOCABULARY);
      const seen = recorder();
      await train({ model: made, sequences, settings, callbacks: [seen] });
      made.dispose();
      return seen.reports.map(({ loss }) => loss);
    };
    expect(await losses(1, true)).toEqual(await losses(1, true));
    expect(await losses(1, true)).not.toEqual(await losses(2, true));
    expect(await losses(1, true)).not.toEqual(await losses(1, false));
  });

  it('holds as much memory after 200 steps as after one', async () => {
    const seen: Array<{ tensors: number; bytes: number }> = [];
    const settings = trainingSettings(
      { steps: 200, batchSize: 4, microBatchSize: 2 },
      sequences.length,
    );
    await train({
      model: use(dropoutModel(VOCABULARY)),
      sequences,
      settings,
      callbacks: [
        {
          name: 'memory',
          onGradients: (gradients) => ({ 'block.0.lora_A': gradients['block.0.lora_A']!.mul(2) }),
          onStep() {
            const { numTensors, numBytes } = tf.memory();
            seen.push({ tensors: numTensors, bytes: numBytes });
          },
        },
      ],
    });
    expect(seen).toHaveLength(200);
    expect(new Set(seen.map(({ tensors }) => tensors)).size).toBe(1);
    expect(new Set(seen.map(({ bytes }) => bytes)).size).toBe(1);
  });

  it('lets callbacks mask gradients, hold variables back, and keep a state', async () => {
    const settings = trainingSettings(
      { steps: 6, learningRate: 0.1, weightDecay: 0.5, warmupSteps: 0 },
      sequences.length,
    );
    const calls: string[] = [];
    // Holds one variable back for three steps; of the other, only the first column learns.
    const controller = (): TrainingCallback => {
      let seen = 0;
      return {
        name: 'controller',
        onStart: ({ step, variables }) =>
          void calls.push(`start ${step} ${Object.keys(variables).length}`),
        onGradients({ 'block.0.lora_A': inner, 'block.0.lora_B': outer }, { step }) {
          const mask = tf.tensor1d([1, 0, 0, 0, 0, 0]);
          const masked = { 'block.0.lora_A': inner!.mul(mask) };
          return step < 3 ? masked : { ...masked, 'block.0.lora_B': outer! };
        },
        onStep: () => void seen++,
        state: () => ({
          data: { seen },
          tensors: { seen: { shape: [1], values: Float32Array.of(seen) } },
        }),
        restore({ data, tensors }) {
          seen = (data as { seen: number }).seen;
          calls.push(`restore ${seen} ${tensors['seen']!.values}`);
        },
      };
    };
    const model = use(dropoutModel(VOCABULARY));
    const start = await Promise.all(model.variables.map(async (v) => [...(await v.data())]));
    const states: TrainingState[] = [];
    const run = { model, sequences, settings };
    await train({
      ...run,
      callbacks: [controller()],
      checkpoints: { every: 3, save: async (state) => void states.push(state) },
    });
    const inner = states[0]!.tensors['block.0.lora_A']!.values;
    const outer = states[0]!.tensors['block.0.lora_B']!.values;
    expect([...outer]).toEqual(start[1]);
    expect([...states[1]!.tensors['block.0.lora_B']!.values]).not.toEqual(start[1]);
    expect(states[1]!.optimizer.updates).toEqual({ 'block.0.lora_A': 6, 'block.0.lora_B': 3 });
    inner.forEach((value, i) => {
      // Masked entries have no gradient, but decay: thrice by learning rate times decay, as the
      // linear schedule has it: 1, 5/6, 4/6 of 0.05.
      const decayed = start[0]![i]! * 0.95 * (1 - 0.25 / 6) * (1 - 0.2 / 6);
      if (i % 6 !== 0) expect(value).toBeCloseTo(decayed, 6);
      else expect(Math.abs(value - decayed)).toBeGreaterThan(0.001);
    });
    await train({ ...run, callbacks: [controller()], resume: states[0]! });
    expect(calls).toEqual(['start 0 3', 'restore 3 3', 'start 3 3']);
  });

  it('evaluates without dropout, every target alike', async () => {
    const settings = trainingSettings({ steps: 5, learningRate: 0.05 }, sequences.length);
    const seen = recorder();
    const model = use(dropoutModel(VOCABULARY, 0.5));
    const held = randomSequences(9, VOCABULARY, 2);
    const measure = (batchSize: number) => evaluateLoss({ model, sequences: held, batchSize });
    await train({
      model,
      sequences,
      settings,
      callbacks: [seen],
      evaluation: { every: 2, measure: () => measure(4) },
    });
    const evaluated = seen.reports.map(({ evaluation }) => evaluation !== undefined);
    expect(evaluated).toEqual([false, true, false, true, true]);
    const { loss, targets } = await measure(1);
    expect(seen.reports[4]!.evaluation!['loss']).toBeCloseTo(loss, 6);
    const count = held.map(({ weights }) => weights.reduce((sum, w) => sum + w, 0));
    expect(targets).toBe(count.reduce((sum, n) => sum + n, 0));
  });

  it('stops after the step in which it is aborted, with a checkpoint', async () => {
    const settings = trainingSettings({ steps: 50 }, sequences.length);
    const abort = new AbortController();
    const states: TrainingState[] = [];
    const run: TrainingRun = {
      model: use(dropoutModel(VOCABULARY)),
      sequences,
      settings,
      signal: abort.signal,
      callbacks: [
        { name: 'stop', onStep: ({ step }) => void (step === 4 && abort.abort('enough')) },
      ],
      checkpoints: { every: 10, save: async (state) => void states.push(state) },
    };
    await expect(train(run)).rejects.toBe('enough');
    expect(states.map(({ step }) => step)).toEqual([4]);
  });

  it('keeps the step whose evaluation is aborted', async () => {
    const settings = trainingSettings({ steps: 50 }, sequences.length);
    const abort = new AbortController();
    const states: TrainingState[] = [];
    const seen = recorder();
    const model = use(dropoutModel(VOCABULARY));
    const measure = () => {
      abort.abort('enough');
      return evaluateLoss({ model, sequences, batchSize: 4, signal: abort.signal });
    };
    const run: TrainingRun = {
      model,
      sequences,
      settings,
      signal: abort.signal,
      callbacks: [seen],
      evaluation: { every: 3, measure },
      checkpoints: { every: 10, save: async (state) => void states.push(state) },
    };
    await expect(train(run)).rejects.toBe('enough');
    expect(states.map(({ step }) => step)).toEqual([3]);
    expect(seen.reports[2]).not.toHaveProperty('evaluation');
    const broken = { every: 2, measure: () => Promise.reject(new Error('broken')) };
    const { signal, ...rest } = run;
    expect(signal!.aborted).toBe(true);
    await expect(train({ ...rest, evaluation: broken })).rejects.toThrow('broken');
  });

  it('stops before it takes a step that is no number', async () => {
    const settings = trainingSettings({ steps: 4, warmupSteps: 0 }, sequences.length);
    const model = use(bigramModel(VOCABULARY));
    const states: TrainingState[] = [];
    const run: TrainingRun = {
      model,
      sequences,
      settings,
      callbacks: [
        {
          name: 'poison',
          onGradients: ({ table }, { step }) => ({
            table: step === 2 ? table!.mul(Number.NaN) : table!,
          }),
        },
      ],
      checkpoints: { every: 1, save: async (state) => void states.push(state) },
    };
    await expect(train(run)).rejects.toThrow(
      expect.toSatisfy(
        (error) => isAlphaLoraError(error, 'TRAINING_FAILED') && /step 3/.test(error.message),
      ),
    );
    expect(states).toHaveLength(2);
    expect(await model.variables[0]!.data()).toEqual(states[1]!.tensors['table']!.values);
  });

  it('reports speed and time left by the clock it is given', async () => {
    let clock = 0;
    const settings = trainingSettings({ steps: 3, batchSize: 30 }, sequences.length);
    const seen = recorder();
    const tokens = sequences.reduce((sum, { ids }) => sum + ids.length, 0);
    await train({
      model: use(bigramModel(VOCABULARY)),
      sequences,
      settings,
      callbacks: [seen],
      // Asked at the beginning and at the end of a step.
      now: () => (clock += 500),
    });
    expect(seen.reports[0]).toMatchObject({
      tokens,
      tokensPerSecond: 2 * tokens,
      secondsLeft: 1,
    });
    expect(seen.reports[2]).toMatchObject({ tokensPerSecond: 2 * tokens, secondsLeft: 0 });
  });

  it('refuses to go on with another run', async () => {
    const model = use(dropoutModel(VOCABULARY));
    const settings = trainingSettings({ steps: 2 }, sequences.length);
    const keeping: TrainingCallback = { name: 'ranks', state: () => ({ data: 1, tensors: {} }) };
    const run: TrainingRun = { model, sequences, settings };
    const resume = await train({ ...run, callbacks: [keeping] });
    const other = { ...settings, seed: 11 };
    await expect(train({ ...run, resume, settings: other })).rejects.toThrow(
      /seed was 10, is 11.*callback ranks/,
    );
    const groups = { idle: { weightDecay: 0.5 } };
    await expect(train({ ...run, resume, model: { ...model, groups } })).rejects.toThrow(
      /weightDecay of idle was absent, is 0.5/,
    );
    const fewer = sequences.slice(1);
    await expect(train({ ...run, resume, sequences: fewer })).rejects.toThrow(/30, is 29/);
    const { idle, ...rest } = resume.tensors;
    expect(idle!.shape).toEqual([1, 1]);
    const smaller = { ...resume, callbacks: {}, tensors: rest };
    await expect(train({ ...run, resume: smaller })).rejects.toThrow(/idle was absent/);
  });

  it('refuses tokens outside of the vocabulary before the first step', async () => {
    const tiny = use(bigramModel(VOCABULARY));
    let passes = 0;
    const model = {
      variables: tiny.variables,
      vocabularySize: VOCABULARY - 1,
      loss: (...given: Parameters<typeof tiny.loss>) => {
        passes++;
        return tiny.loss(...given);
      },
    };
    const at = sequences.findIndex(({ ids }) => ids.includes(VOCABULARY - 1));
    const message = new RegExp(`token ${VOCABULARY - 1} at position .* of sequence ${at} is not`);
    const settings = trainingSettings({ steps: 2 }, sequences.length);
    await expect(train({ model, sequences, settings })).rejects.toThrow(message);
    await expect(evaluateLoss({ model, sequences, batchSize: 4 })).rejects.toThrow(message);
    expect(passes).toBe(0);
  });

  it('refuses to train nothing, and callbacks that share a name', async () => {
    const model = use(bigramModel(VOCABULARY));
    const settings = trainingSettings({ steps: 2 }, sequences.length);
    const run: TrainingRun = { model, sequences, settings };
    await expect(train({ ...run, sequences: [] })).rejects.toThrow(invalid);
    await expect(train({ ...run, model: { ...model, variables: [] } })).rejects.toThrow(invalid);
    const callbacks = [{ name: 'same' }, { name: 'same' }];
    await expect(train({ ...run, callbacks })).rejects.toThrow(invalid);
  });
});
