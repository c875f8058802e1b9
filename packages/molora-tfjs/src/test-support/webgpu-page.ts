/** What the test in the browser runs in its page: a few steps of training, on a backend by name. */
import '@tensorflow/tfjs-backend-webgpu';
import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { loadDecoder } from '../decoder/decoder.js';
import { dynamicRank } from '../experts/dynamic-rank.js';
import { initialTensors } from '../experts/initial-tensors.js';
import type { StepReport } from '../training/callbacks.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import { pretrainable } from '../training/pretrainable.js';
import { trainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import type { Trainable } from '../training/trainable.js';
import { randomDecoder, smallShape } from './random-decoder.js';
import { randomSequences } from './tiny-model.js';

const VOCABULARY = smallShape.vocab_size;
const sequences = randomSequences(6, VOCABULARY);

export type Router = AdapterSpec['router'];
export interface Outcome {
  losses: number[];
  norms: number[];
  /** On the same sequences after the last step. */
  evaluated: number;
}

/**
 * Three steps of an adapter with three experts on every projection of two blocks: 42 variables, or more
 * in a mixture, whose own experts are projections, too.
 *
 * @public the test calls it by its name
 */
export async function adapterSteps(
  backend: string,
  router: Router,
  { family = 'llama', balanced = true }: { family?: 'llama' | 'mixtral'; balanced?: boolean } = {},
): Promise<Outcome> {
  await use(backend);
  const mixture = { num_local_experts: 3, num_experts_per_tok: 2 };
  const { checkpoint } = await randomDecoder({
    model_type: family,
    tie_word_embeddings: true,
    ...(family === 'mixtral' && mixture),
  });
  const decoder = await loadDecoder(checkpoint);
  const projections = decoder.config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, inputs, outputs }) => {
      const experts = { ranks: [2, 1, 2], scalings: [2, 2, 2], topK: 2 };
      return { name, block, inputs, outputs, ...experts };
    }),
  );
  const spec = { projections, router, dropout: 0 };
  const routerLoss = { name: 'load-balance', coefficient: 0.01 };
  const state = { spec, tensors: initialTensors(spec, 1) };
  const model = adaptedModel(decoder, state, balanced ? { routerLoss } : {});
  return threeSteps(model.trainable).finally(() => {
    model.dispose();
    decoder.dispose();
  });
}

/**
 * Ranks that have grown on the experts of a mixture.
 *
 * @public the test calls it by its name
 */
export async function ranksOfExperts(backend: string): Promise<Record<string, readonly number[]>> {
  await use(backend);
  const { checkpoint } = await randomDecoder({
    ...{ model_type: 'mixtral', tie_word_embeddings: true },
    ...{ num_local_experts: 4, num_experts_per_tok: 2 },
  });
  const decoder = await loadDecoder(checkpoint);
  const { blocks } = decoder.config;
  const projections = blocks.flatMap((own, block) =>
    own.projections
      .filter(({ expert }) => expert !== undefined)
      .map(({ name, inputs, outputs }) => ({
        ...{ name, block, inputs, outputs, ranks: [4], scalings: [2], topK: 1 },
      })),
  );
  const spec = { projections, router: { name: 'top-k', options: {} }, dropout: 0 };
  const growth = { initial: 1, target: 2, interval: 3, warmup: 0.1, share: 0.4 };
  const { callback, onGates, ranks } = dynamicRank({ spec, blocks, ...growth });
  const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 1) }, { onGates });
  const settings = trainingSettings({ steps: 12, learningRate: 0.03 }, sequences.length);
  await train({ model: model.trainable, sequences, settings, callbacks: [callback] });
  model.dispose();
  decoder.dispose();
  return ranks();
}

/**
 * Three steps of a model that learns whole, whose embeddings transpose tokens one-hot.
 *
 * @public the test calls it by its name
 */
export async function wholeModelSteps(backend: string): Promise<Outcome> {
  await use(backend);
  const config = { ...smallShape, num_hidden_layers: 1, max_position_embeddings: 64 };
  const model = pretrainable(
    { ...config, model_type: 'llama', tie_word_embeddings: false },
    { seed: 1, standardDeviation: 0.2 },
  );
  return threeSteps(model.trainable).finally(() => model.dispose());
}

/**
 * What becomes of a run whose device fails in its second step.
 *
 * @public the test calls it by its name
 */
export async function failingRun(
  failure: 'invalid' | 'lost',
): Promise<{ code?: string; message: string; saved: number[] }> {
  await use('webgpu');
  const { device } = tf.backend() as unknown as {
    device: { createShaderModule(source: { code: string }): void; destroy(): void };
  };
  const table = tf.variable(tf.zeros([VOCABULARY, VOCABULARY]), true, 'table');
  const saved: number[] = [];
  const model: Trainable = {
    variables: [table],
    loss: () => table.sub(1).square().mean().asScalar(),
  };
  const fail = (): void =>
    failure === 'lost' ? device.destroy() : device.createShaderModule({ code: 'no shader' });
  try {
    await train({
      model,
      sequences,
      settings: trainingSettings({ steps: 3 }, sequences.length),
      callbacks: [{ name: 'fail', onStep: ({ step }) => (step === 1 ? fail() : undefined) }],
      checkpoints: { every: 2, save: async ({ step }) => void saved.push(step) },
    });
    return { message: 'trained', saved };
  } catch (error) {
    return {
      ...(isAlphaLoraError(error) && { code: error.code }),
      message: (error as Error).message,
      saved,
    };
  } finally {
    // The next run needs a device without a fault.
    tf.engine().reset();
  }
}

async function threeSteps(model: Trainable): Promise<Outcome> {
  const reports: StepReport[] = [];
  await train({
    model,
    sequences,
    settings: trainingSettings({ steps: 3, batchSize: 6, learningRate: 0.05 }, sequences.length),
    callbacks: [{ name: 'record', onStep: (report) => void reports.push(report) }],
  });
  const { loss } = await evaluateLoss({ model, sequences, batchSize: 6 });
  return {
    losses: reports.map((report) => report.loss),
    norms: reports.map(({ gradientNorm }) => gradientNorm),
    evaluated: loss,
  };
}

async function use(backend: string): Promise<void> {
  await tf.setBackend(backend);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Error(`the backend is ${tf.getBackend()}`);
}
