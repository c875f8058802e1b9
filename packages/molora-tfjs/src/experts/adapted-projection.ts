/**
 * A frozen linear map with experts (MoLA, arXiv 2402.08562; AlphaLoRA, arXiv 2410.10054):
 *
 *     y = W0 x + sum_e gate_e(x) (lora_alpha / r_e) B_e A_e dropout(x)
 *
 * computed as two skinny matrix products whatever the number of experts. A packs the experts' A side
 * by side and B stacks their B; the gates, spread over the ranks and scaled, multiply in between.
 * This equals sparse top-k routing exactly, because gates that are not selected are zero, and needs
 * no gather, no loop over experts and no synchronisation; experts of different rank are natural.
 */
import * as tf from '@tensorflow/tfjs';
import type { AdaptedProjection, Tensors } from '../adapters/adapter-spec.js';
import type { Linear } from '../ops/linear.js';
import { tidied } from '../ops/tidied.js';
import { expertHidden, gatedHidden, withExperts } from './products.js';
import type { Router, Routing } from './routers/router.js';

/** What the projections of one pass have in common. */
export interface ProjectionContext {
  readonly router: Router;
  /** Dropout acts in training only. */
  readonly training: boolean;
  /** Share of the experts' inputs that are dropped in training. */
  readonly dropout: number;
  /** Of the dropout in this pass: a new one each step, the same when a pass is computed again. */
  readonly seed: number;
  /** For routers with weights per task. @default 0 */
  readonly task?: number;
  readonly onGates?: OnGates | undefined;
}

/**
 * Told of the gates [tokens, experts] of each router when it is used, also of those that a mixture has of
 * its own: by name of the projection, or of the router's module. With `recompute` told twice of each.
 */
export type OnGates = (name: string, gates: tf.Tensor2D) => void;

export interface ProjectionOutput {
  /** [tokens, outputs] */
  readonly output: tf.Tensor2D;
  /** Absent where there is one expert: its gate is 1. */
  readonly routing?: Routing;
}

/**
 * One mask of dropout serves all experts of the projection; the released code draws one for each.
 *
 * @param x [tokens, inputs]
 * @param tensors by name, see `Tensors`; those of this projection are read
 */
export function adaptedProjection(
  x: tf.Tensor2D,
  base: Linear,
  projection: AdaptedProjection,
  tensors: Tensors,
  context: ProjectionContext,
): ProjectionOutput {
  return tidied(() => {
    const { name, ranks } = projection;
    const rate = context.training ? context.dropout : 0;
    const [a, b] = [tensors[`${name}.lora_A`], tensors[`${name}.lora_B`]] as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const hidden = expertHidden(x, a, { rate, seed: context.seed, name });
    const routing =
      ranks.length > 1
        ? context.router.route({ x, hidden, projection, tensors, task: context.task ?? 0 })
        : undefined;
    if (routing) context.onGates?.(name, routing.gates);
    const weighted =
      routing === undefined
        ? tf.mul<tf.Tensor2D>(hidden, projection.scalings[0]!)
        : gatedHidden(hidden, routing.gates, scaledSpread(projection));
    const output = withExperts(x, base, weighted, b);
    return { output, ...(routing === undefined ? {} : { routing }) };
  });
}

/** [experts, sum of ranks]: each expert's scaling in the columns of its ranks, zero elsewhere. */
function scaledSpread({ ranks, scalings }: AdaptedProjection): tf.Tensor2D {
  const columns = ranks.reduce((sum, rank) => sum + rank, 0);
  const values = new Float32Array(ranks.length * columns);
  let start = 0;
  ranks.forEach((rank, expert) => {
    const row = expert * columns;
    values.fill(scalings[expert]!, row + start, row + start + rank);
    start += rank;
  });
  return tf.tensor2d(values, [ranks.length, columns]);
}
