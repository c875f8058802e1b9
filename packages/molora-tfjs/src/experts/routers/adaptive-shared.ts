/**
 * The router of ASE, adaptive shared experts (arXiv 2510.00570). The last `shared` experts of a
 * projection serve every token, the others are sparse. Of the projection's topK active experts the
 * shared ones are a part: the topK - shared largest sparse logits are selected (equation 8, TopK(z, k - S)),
 * and one softmax over these and all shared logits together gives the gates (equation 9), so that the
 * weights of active sparse and shared experts sum to 1. An expert is B A x, without alpha / r.
 *
 * With several tasks, each has a router of its own, which sees the hidden state plus a learned
 * embedding of the task. `<projection>.router` is [inputs, tasks * experts], task by task, and
 * `<projection>.router.task` [tasks, inputs], zero at first. The embedding reaches the router only.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import type { AdaptedProjection } from '../../adapters/adapter-spec.js';
import { matMul } from '../../ops/mat-mul.js';
import { maskedSoftmax, topKMask } from './mask.js';
import { numberWithin } from './options.js';
import type { RouterFactory, RouterInput } from './router.js';

interface SharedOptions {
  /** Experts of each projection that are shared. */
  shared: number;
  tasks: number;
}

export const adaptiveShared: RouterFactory<SharedOptions> = {
  name: 'adaptive-shared',
  options: v.strictObject({
    shared: v.optional(numberWithin({ min: 0, whole: true }), 1),
    tasks: v.optional(numberWithin({ min: 1, whole: true }), 1),
  }),
  create: ({ shared, tasks }) => ({
    name: 'adaptive-shared',
    trainsExperts: true,
    unscaled: true,
    tensors(projection) {
      checkExperts(projection, shared);
      const { inputs, ranks } = projection;
      const shape = [inputs, tasks * ranks.length];
      const weights = { suffix: '', shape, initial: { fanIn: inputs } };
      if (tasks === 1) return [weights];
      return [weights, { suffix: '.task', shape: [tasks, inputs], initial: 0 }];
    },
    route(input) {
      const logits = tasks === 1 ? sharedLogits(input) : taskLogits(input, tasks);
      const [tokens, experts] = logits.shape;
      const sparse = experts - shared;
      const picks = input.projection.topK - shared;
      const selected = topKMask(tf.slice(logits, [0, 0], [tokens, sparse]), picks);
      const mask = tf.concat([selected, tf.ones<tf.Rank.R2>([tokens, shared])], 1);
      return { logits, probabilities: tf.softmax(logits), gates: maskedSoftmax(logits, mask) };
    },
  }),
};

function sharedLogits({ x, projection, tensors }: RouterInput): tf.Tensor2D {
  return matMul(x, tensors[`${projection.name}.router`] as tf.Tensor2D);
}

/** `(x + e) W = x W + e W`: the embedding is added to a few logits instead of to every input. */
function taskLogits({ x, projection, tensors, task }: RouterInput, tasks: number): tf.Tensor2D {
  if (!Number.isInteger(task) || task < 0 || task >= tasks) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `The adapter was made for ${tasks} tasks and is asked for task ${task}; give 0 to ${tasks - 1}.`,
      { details: { task, tasks } },
    );
  }
  const { name, inputs, ranks } = projection;
  const weights = tensors[`${name}.router`] as tf.Tensor2D;
  const own = tf.slice(weights, [0, task * ranks.length], [inputs, ranks.length]);
  const embedding = tf.slice(tensors[`${name}.router.task`] as tf.Tensor2D, [task, 0], [1, inputs]);
  return tf.add(matMul(x, own), matMul(embedding, own));
}

function checkExperts({ name, ranks, topK }: AdaptedProjection, shared: number): void {
  if (topK > shared) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name} activates ${topK} of ${ranks.length} experts per token, and ${shared} of them are shared, ` +
      'which leaves none to select; raise topK (allocate --top-k), or lower "shared"',
    { details: { name, shared, topK } },
  );
}
