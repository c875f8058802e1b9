/**
 * DR-LoRA (arXiv 2601.04823) as a callback of a training run: experts start with few ranks, and those
 * that the router uses and the loss still changes get more, up to a budget.
 *
 * The packed tensors have the largest rank from the start, so that neither their shapes nor the
 * optimiser's state ever change. Ranks that are not active have random A and zero B, as the paper
 * gives new ones, and masked gradients, so that they stay so; an event lifts the mask and cannot
 * change the output. The scaling of an expert stays what it is in the spec, whatever its rank.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import type { AdapterSpec, Tensors } from '../adapters/adapter-spec.js';
import { readTensor } from '../ops/webgpu.js';
import type { RunContext, TrainingCallback } from '../training/callbacks.js';
import { observeRouter } from './observed-router.js';
import { type GrowthRule, grownRanks, type ProjectionScores, smoothed } from './rank-growth.js';
import { createRouter } from './routers/index.js';
import type { Router } from './routers/router.js';

export interface DynamicRankOptions {
  /** Every rank of every expert is the largest that the expert may get, see `withLargestRanks`. */
  spec: AdapterSpec;
  /** @default the one that the spec names */
  router?: Router;
  /** Ranks of each expert at the start. @default 8 */
  initial?: number;
  /** Mean rank at the end: the budget of a projection is this times its experts. @default 16 */
  target?: number;
  /** Steps between growth events, of which the first ends the warm-up. @default 200 */
  interval?: number;
  /**
   * Share of the steps at the start in which routers are frozen and nothing grows. B is zero in the
   * first step, which gives no scores: after a warm-up of one step, the first event goes by the order
   * of the experts.
   * @default 0.03
   */
  warmup?: number;
  /** Share of the ranks free at the start that one event may give an expert, rounded up. @default 0.1 */
  share?: number;
}

export interface DynamicRank {
  /** To be given to the model in place of its router: the controller sees routing through it. */
  readonly router: Router;
  readonly callback: TrainingCallback;
  /** Active ranks of each expert, by name of the projection. */
  ranks(): Record<string, readonly number[]>;
}

/** Of the paper: weight of the past in moving averages, and power of (r + 1) in the saliency. */
const SMOOTHING = 0.9;
const EXPONENT = 1.2;

const stateSchema = v.record(
  v.string(),
  v.object({
    ranks: v.array(v.number()),
    frequency: v.array(v.number()),
    importance: v.array(v.number()),
  }),
);

/**
 * @throws AlphaLoraError `INVALID_OPTION` unless initial <= target <= the one rank of all experts; in
 *   the run, when it is too short for a growth event
 */
export function dynamicRank(options: DynamicRankOptions): DynamicRank {
  const { spec, initial = 8, target = 16, interval = 200, warmup = 0.03, share = 0.1 } = options;
  const max = largestRank(spec);
  checkGrowth(initial, target, max);
  const rule: GrowthRule = { initial, target, max, share, exponent: EXPONENT };
  const observed = observeRouter(options.router ?? createRouter(spec.router));
  let scores = startingScores(spec, rule);
  let seen: { importance: Tensors; frequency: Tensors } = { importance: {}, frequency: {} };

  const warmupSteps = (steps: number): number => Math.ceil(warmup * steps);
  // From the end of the warm-up; none in the last interval, in which new ranks could not learn.
  const firstEvent = (steps: number): number => warmupSteps(steps) || interval;
  const isEvent = (step: number, steps: number): boolean =>
    step >= firstEvent(steps) &&
    step <= steps - interval &&
    (step - firstEvent(steps)) % interval === 0;
  const events = (steps: number): number =>
    Math.max(0, Math.floor((steps - firstEvent(steps)) / interval));

  const callback: TrainingCallback = {
    name: 'dynamic-rank',
    onStart({ steps }) {
      if (events(steps) < 1) {
        throw invalid(`no rank can grow in ${steps} steps with an event every ${interval}`);
      }
      tf.dispose(observed.take());
    },
    onGradients(gradients, context) {
      seen = { importance: importances(gradients, context), frequency: observed.take() };
      return maskedGradients(gradients, context.step < warmupSteps(context.steps));
    },
    async onStep({ step, steps }) {
      // What was routed since the gradients, as in an evaluation, is no part of the training.
      tf.dispose(observed.take());
      const { importance, frequency } = seen;
      for (const { name } of spec.projections) {
        const before = scores[name]!;
        const gates = frequency[name] ? await readTensor(frequency[name]) : [1];
        const changes = importance[name];
        scores[name] = {
          ranks: before.ranks,
          frequency: smoothed(before.frequency, gates, SMOOTHING),
          importance: changes
            ? smoothed(before.importance, await readTensor(changes), SMOOTHING)
            : before.importance,
        };
      }
      tf.dispose([importance, frequency]);
      seen = { importance: {}, frequency: {} };
      if (isEvent(step, steps)) scores = afterEvent(scores, rule, events(steps));
    },
    state: () => ({ data: structuredClone(scores), tensors: {} }),
    restore({ data }) {
      const kept = v.safeParse(stateSchema, data);
      const fits = kept.success && spec.projections.every(({ name }) => fitsIn(kept.output[name]));
      if (!fits) throw invalid('the state to go on from belongs to another adapter');
      scores = kept.output;
      function fitsIn(found: ProjectionScores | undefined): boolean {
        return found !== undefined && found.importance.length === found.ranks.length * max;
      }
    },
  };
  return {
    router: observed.router,
    callback,
    ranks: () =>
      Object.fromEntries(Object.entries(scores).map(([name, { ranks }]) => [name, ranks])),
  };

  /** By projection, of each packed column; kept until `onStep` has read them. */
  function importances(gradients: Tensors, { variables }: RunContext): Tensors {
    return Object.fromEntries(
      spec.projections.flatMap(({ name }) => {
        const changes = [`${name}.lora_A`, `${name}.lora_B`].flatMap((tensor, axis) => {
          const gradient = gradients[tensor];
          if (gradient === undefined) return [];
          return [tf.sum(tf.abs(tf.mul(variables[tensor]!, gradient)), axis)];
        });
        return changes.length === 0 ? [] : [[name, tf.keep(tf.addN(changes))]];
      }),
    );
  }

  function maskedGradients(gradients: Tensors, routersFrozen: boolean): Tensors {
    const masked: Record<string, tf.Tensor> = { ...gradients };
    for (const { name } of spec.projections) {
      const mask = tf.tensor1d(activeColumns(scores[name]!.ranks, max));
      const [a, b] = [`${name}.lora_A`, `${name}.lora_B`] as const;
      if (masked[a]) masked[a] = tf.mul(masked[a], tf.expandDims(mask, 0));
      if (masked[b]) masked[b] = tf.mul(masked[b], tf.expandDims(mask, 1));
      if (!routersFrozen) continue;
      for (const tensor of Object.keys(masked)) {
        if (tensor === `${name}.router` || tensor.startsWith(`${name}.router.`))
          delete masked[tensor];
      }
    }
    return masked;
  }
}

/** The spec that an adapter with growing ranks starts from: its own, with room for `max` ranks. */
export function withLargestRanks(spec: AdapterSpec, max: number): AdapterSpec {
  const projections = spec.projections.map((projection) => ({
    ...projection,
    ranks: projection.ranks.map(() => max),
  }));
  return { ...spec, projections };
}

/** After an event the scores start anew. */
function afterEvent(
  scores: Record<string, ProjectionScores>,
  rule: GrowthRule,
  events: number,
): Record<string, ProjectionScores> {
  return Object.fromEntries(
    Object.entries(scores).map(([name, projection]) => [
      name,
      unscored(grownRanks(projection, rule, events), rule.max),
    ]),
  );
}

function startingScores(
  { projections }: AdapterSpec,
  { initial, max }: GrowthRule,
): Record<string, ProjectionScores> {
  return Object.fromEntries(
    projections.map(({ name, ranks }) => [
      name,
      unscored(
        ranks.map(() => initial),
        max,
      ),
    ]),
  );
}

function unscored(ranks: readonly number[], max: number): ProjectionScores {
  return {
    ranks,
    frequency: ranks.map(() => 0),
    importance: Array.from({ length: ranks.length * max }, () => 0),
  };
}

function activeColumns(ranks: readonly number[], max: number): Float32Array {
  return Float32Array.from({ length: ranks.length * max }, (_, column) =>
    column % max < ranks[Math.floor(column / max)]! ? 1 : 0,
  );
}

function largestRank({ projections }: AdapterSpec): number {
  const sizes = new Set(projections.flatMap(({ ranks }) => ranks));
  const [max, ...others] = sizes;
  if (max === undefined || others.length > 0) {
    throw invalid('all experts need the same rank, the largest that they may grow to');
  }
  return max;
}

/** @throws AlphaLoraError `INVALID_OPTION` unless initial <= target <= max */
export function checkGrowth(initial: number, target: number, max: number): void {
  if (initial >= 1 && initial <= target && target <= max) return;
  throw invalid(`ranks grow from ${initial} to ${target} on average and ${max} at most`);
}

function invalid(problem: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', `Dynamic rank: ${problem}.`);
}
