/**
 * DR-LoRA (arXiv 2601.04823) as a callback of a training run: experts start with few ranks, and those
 * that the router uses and the loss still changes get more, up to a budget. In a mixture these are the
 * experts of the model, each with the LoRAs on its projections; elsewhere those of a projection.
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
import type { BlockConfig } from '../decoder/config.js';
import { readTensor } from '../ops/webgpu.js';
import type { RunContext, TrainingCallback } from '../training/callbacks.js';
import { type GateTotal, gateTotals } from './gate-totals.js';
import { type GrowthGroup, growthGroups, type Part } from './growth-groups.js';
import { type GrowthRuleName, growthRules, type Sides } from './growth-rules.js';
import { type GrowthBounds, grownRanks } from './rank-growth.js';
import { createRouter } from './routers/index.js';

export interface DynamicRankOptions {
  /** Every rank of every expert is the largest that the expert may get, see `withLargestRanks`. */
  spec: AdapterSpec;
  /**
   * Of the model, `decoder.config.blocks`: in blocks that are mixtures, ranks grow by the experts of the
   * model. @default none, so that the experts of each projection compete
   */
  blocks?: readonly BlockConfig[];
  /** What experts are scored by: as in the released code, or as the paper has it. @default released */
  rule?: GrowthRuleName;
  /** Ranks of each expert at the start. @default 8 */
  initial?: number;
  /** Mean rank at the end: the budget of a group is this times its experts. @default 16 */
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
  /** To be given to the model: the controller sees through it how tokens are routed. */
  onGates(name: string, gates: tf.Tensor2D): void;
  readonly callback: TrainingCallback;
  /** Whether experts of the model compete, as in the paper, in some block. */
  readonly ofModel: boolean;
  /** Active ranks of each expert, by name of the projection. */
  ranks(): Record<string, readonly number[]>;
}

/** By name of the group and of the projection. */
interface Scores {
  groups: Record<string, { ranks: number[]; frequency: number[] }>;
  /** Of each packed column; all ranks of an expert come first in its part of them. */
  importance: Record<string, number[]>;
}

const stateSchema = v.object({
  groups: v.record(
    v.string(),
    v.object({ ranks: v.array(v.number()), frequency: v.array(v.number()) }),
  ),
  importance: v.record(v.string(), v.array(v.number())),
});

/** What a step showed, on the device. */
interface Seen {
  /** Of all projections, one behind the other. */
  readonly a: tf.Tensor1D;
  readonly b: tf.Tensor1D;
  readonly gates: Readonly<Record<string, GateTotal>>;
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` unless initial <= target <= the one rank of all experts; in
 *   the run, when it is too short for a growth event
 */
export function dynamicRank(options: DynamicRankOptions): DynamicRank {
  const { spec, initial = 8, target = 16, interval = 200, warmup = 0.03, share = 0.1 } = options;
  const max = largestRank(spec);
  checkGrowth(initial, target, max);
  const bounds: GrowthBounds = { initial, target, max, share };
  const rule = growthRules[options.rule ?? 'released'];
  const groups = growthGroups(spec, options.blocks ?? []);
  const totals = gateTotals(rule.measured);
  let scores = startingScores(groups, spec, bounds);
  let seen: Seen | undefined;

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
      disposeOf(totals.take());
    },
    onGradients(gradients, context) {
      seen = { ...sidesOf(gradients, context), gates: totals.take() };
      return maskedGradients(gradients, context.step < warmupSteps(context.steps));
    },
    async onStep({ step, steps }) {
      // What was routed since the gradients, as in an evaluation, is no part of the training.
      disposeOf(totals.take());
      if (seen) {
        await learn(seen);
        tf.dispose([seen.a, seen.b]);
        disposeOf(seen.gates);
        seen = undefined;
      }
      if (isEvent(step, steps)) grow(events(steps));
    },
    state: () => ({ data: structuredClone(scores), tensors: {} }),
    restore({ data }) {
      const kept = v.safeParse(stateSchema, data);
      if (!kept.success || shapeOf(kept.output) !== shapeOf(scores)) {
        throw invalid('the state to go on from belongs to another adapter');
      }
      scores = kept.output;
    },
  };
  return {
    onGates: totals.add,
    callback,
    ofModel: groups.some(({ router }) => router === 'model'),
    ranks: activeRanks,
  };

  function activeRanks(): Record<string, number[]> {
    const found: Record<string, number[]> = {};
    for (const { name, units } of groups) {
      for (const [unit, { parts }] of units.entries()) {
        for (const { projection, expert } of parts) {
          found[projection] ??= [];
          found[projection][expert] = scores.groups[name]!.ranks[unit]!;
        }
      }
    }
    return found;
  }

  /** Of each packed column, |sum w dL/dw| in A and in B; kept until `onStep` has read them. */
  function sidesOf(gradients: Tensors, { variables }: RunContext): Pick<Seen, 'a' | 'b'> {
    const side = (factor: 'lora_A' | 'lora_B', axis: number): tf.Tensor1D => {
      const columns = spec.projections.map(({ name, ranks }) => {
        const gradient = gradients[`${name}.${factor}`];
        // An expert of the model that got no token has none.
        if (!gradient) return tf.zeros([ranks.length * max]);
        return tf.abs(tf.sum(tf.mul(variables[`${name}.${factor}`]!, gradient), axis));
      });
      return tf.keep(tf.concat1d(columns as tf.Tensor1D[]));
    };
    return { a: side('lora_A', 0), b: side('lora_B', 1) };
  }

  async function learn({ a, b, gates }: Seen): Promise<void> {
    const [ofA, ofB] = [await readTensor(a), await readTensor(b)];
    let start = 0;
    for (const { name, ranks } of spec.projections) {
      const end = start + ranks.length * max;
      const own: Sides = { a: ofA.subarray(start, end), b: ofB.subarray(start, end) };
      scores.importance[name] = rule.importance(scores.importance[name]!, own);
      start = end;
    }
    for (const { name, router, units } of groups) {
      const routed = router !== 'none';
      const total = gates[name];
      const sums = total && (await readTensor(total.sum));
      const now = units.map(({ index }) => (routed ? (sums?.[index] ?? 0) : 1));
      const own = scores.groups[name]!;
      own.frequency = rule.frequency(own.frequency, now, routed ? (total?.tokens ?? 0) : 1);
    }
  }

  /** After an event importance starts anew. */
  function grow(count: number): void {
    for (const { name, units } of groups) {
      const own = scores.groups[name]!;
      const parts = units.reduce((sum, { parts }) => sum + parts.length, 0);
      const quota = rule.quota(target - initial, units.length, parts, count);
      const importance = units.map(({ parts }, unit) =>
        mean(parts.map((part) => importanceOf(part, own.ranks[unit]!))),
      );
      own.ranks = grownRanks({ ...own, importance }, bounds, quota);
      if (rule.resetsFrequency) own.frequency.fill(0);
    }
    for (const columns of Object.values(scores.importance)) columns.fill(0);
  }

  /** Mean over the active ranks. */
  function importanceOf({ projection, expert }: Part, rank: number): number {
    const start = expert * max;
    return mean(scores.importance[projection]!.slice(start, start + rank));
  }

  function maskedGradients(gradients: Tensors, routersFrozen: boolean): Tensors {
    const masked: Record<string, tf.Tensor> = { ...gradients };
    for (const [name, ranks] of Object.entries(activeRanks())) {
      const mask = tf.tensor1d(activeColumns(ranks, max));
      const [a, b] = [`${name}.lora_A`, `${name}.lora_B`] as const;
      if (masked[a]) masked[a] = tf.mul(masked[a], tf.expandDims(mask, 0));
      if (masked[b]) masked[b] = tf.mul(masked[b], tf.expandDims(mask, 1));
      if (!routersFrozen || ranks.length === 1) continue;
      for (const tensor of Object.keys(masked)) {
        if (tensor === `${name}.router` || tensor.startsWith(`${name}.router.`))
          delete masked[tensor];
      }
    }
    return masked;
  }
}

/**
 * The spec that an adapter with growing ranks starts from: its own, with room for `max` ranks, and
 * scaled by alpha / max.
 *
 * @param alpha lora_alpha. @default twice `max`, as DR-LoRA has it, or no scaling where the router's paper has none
 */
export function withLargestRanks(spec: AdapterSpec, max: number, alpha?: number): AdapterSpec {
  const { unscaled = false } = createRouter(spec.router);
  const scaling = alpha === undefined ? (unscaled ? 1 : 2) : alpha / max;
  const projections = spec.projections.map((projection) => ({
    ...projection,
    ranks: projection.ranks.map(() => max),
    scalings: projection.ranks.map(() => scaling),
  }));
  return { ...spec, projections };
}

function startingScores(
  groups: readonly GrowthGroup[],
  { projections }: AdapterSpec,
  { initial, max }: GrowthBounds,
): Scores {
  const none = (length: number, value = 0): number[] => new Array(length).fill(value);
  return {
    groups: Object.fromEntries(
      groups.map(({ name, units }) => [
        name,
        { ranks: none(units.length, initial), frequency: none(units.length) },
      ]),
    ),
    importance: Object.fromEntries(
      projections.map(({ name, ranks }) => [name, none(ranks.length * max)]),
    ),
  };
}

/** Which numbers there are. */
function shapeOf({ groups, importance }: Scores): string {
  return JSON.stringify([
    Object.entries(groups).map(([name, { ranks, frequency }]) => [
      ...[name, ranks.length, frequency.length],
    ]),
    Object.entries(importance).map(([name, columns]) => [name, columns.length]),
  ]);
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function disposeOf(totals: Readonly<Record<string, GateTotal>>): void {
  tf.dispose(Object.values(totals).map(({ sum }) => sum));
}

function invalid(problem: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', `Dynamic rank: ${problem}.`);
}
