/**
 * What a run trains: the experts that an allocation gives a model, an adapter that was trained before, or
 * the gate over LoRAs that were trained before (MoLE, arXiv 2404.13628).
 */
import { type Allocation, AlphaLoraError, defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import { adapterSpec, checkExpertOptions } from '../adapters/allocation.js';
import type { BlockConfig } from '../decoder/config.js';
import { combineAdapters } from '../experts/combine.js';
import {
  checkGrowth,
  type DynamicRank,
  type DynamicRankOptions,
  dynamicRank,
  withLargestRanks,
} from '../experts/dynamic-rank.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { createRouter } from '../experts/routers/index.js';

/** Ranks that grow while they are trained, see `dynamicRank`. */
export interface GrowingRanks
  extends Pick<DynamicRankOptions, 'initial' | 'target' | 'interval' | 'rule'> {
  /** Largest rank that an expert may get. */
  max: number;
}

/** Experts that are new, and learn. */
export interface NewExperts {
  /** How many experts, of which rank, every projection gets. */
  allocation: Allocation;
  experts?: never;
  from?: never;
  /** Roles of the projections to adapt, e.g. `q_proj`. @default all that the allocation names */
  targets?: readonly string[];
  /**
   * lora_alpha: expert outputs are scaled by alpha / rank; where ranks grow, by alpha / the largest rank.
   * @default 16, or twice the largest of ranks that grow; no scaling where the router's paper has none
   */
  alpha?: number;
  /** Share of the experts' inputs that is dropped while training. @default 0.05 */
  dropout?: number;
  dynamicRank?: GrowingRanks;
}

/** Experts that were trained before, stay as they are, and get a gate. */
export interface TrainedExperts<Adapter = AdapterState> {
  /** Two or more adapters of one expert a projection, at the same projections. */
  experts: readonly Adapter[];
  from?: never;
  allocation?: never;
  targets?: never;
  alpha?: never;
  dropout?: never;
  dynamicRank?: never;
}

/** An adapter that was trained before, and learns on: as it is, with its experts, ranks, scalings and router. */
export interface TrainedBefore<Adapter = AdapterState> {
  from: Adapter;
  allocation?: never;
  experts?: never;
  targets?: never;
  alpha?: never;
  /** @default that of the adapter */
  dropout?: number;
  dynamicRank?: never;
}

export interface AdapterPlan {
  /** The adapter before the first step. */
  initial: AdapterState;
  /** Where ranks grow. */
  dynamic?: DynamicRank;
}

/**
 * The router of a run, by default `top-k` for new experts and `mole` for trained ones.
 *
 * @throws AlphaLoraError `NOT_FOUND` where there is no such router, `INVALID_OPTION` where it refuses
 *   its options, or trains experts where they are trained already, or a gate where they are new
 */
export function plannedRouter(
  { name, options = {} }: Partial<AdapterSpec['router']>,
  experts: 'new' | 'trained',
): AdapterSpec['router'] {
  const router = { name: name ?? (experts === 'new' ? 'top-k' : 'mole'), options };
  const { trainsExperts } = createRouter(router);
  if (trainsExperts === (experts === 'new')) return router;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    trainsExperts
      ? `trained experts are combined by the router mole, not by ${router.name}; leave the router out`
      : `the router ${router.name} trains a gate over LoRAs that were trained before, and new experts leave it nothing to learn: give two or more trained adapters as experts (--experts) in place of an allocation`,
    { details: { router: router.name } },
  );
}

/**
 * What is known to be wrong of new experts before the model is read.
 *
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function checkPlan({
  alpha,
  dropout,
  dynamicRank,
}: NewExperts | TrainedExperts<string> | TrainedBefore<string>): void {
  checkExpertOptions(defined({ alpha, dropout }));
  if (dynamicRank) checkGrowth(dynamicRank.initial ?? 8, dynamicRank.target ?? 16, dynamicRank.max);
}

/**
 * @param weights of the model, as a checkpoint lists them
 * @param seed of what is drawn at random: the experts' A, or the gate
 * @param blocks of the model, see `dynamicRank`
 * @throws AlphaLoraError see `adapterSpec`, `dynamicRank` and `combineAdapters`
 */
export function adapterPlan(
  request: NewExperts | TrainedExperts | TrainedBefore,
  weights: readonly WeightDescription[],
  router: AdapterSpec['router'],
  seed: number,
  blocks: readonly BlockConfig[] = [],
): AdapterPlan {
  if (request.from) {
    const { spec, tensors } = request.from;
    return { initial: { spec: { ...spec, ...defined({ dropout: request.dropout }) }, tensors } };
  }
  if (request.experts) return { initial: combineAdapters(request.experts, { router, seed }) };
  const { allocation, targets, alpha, dropout, dynamicRank: growing } = request;
  const spec = adapterSpec({
    ...{ allocation, weights, router },
    ...defined({ targets, alpha, dropout }),
  });
  if (!growing) return { initial: { spec, tensors: initialTensors(spec, seed) } };
  const { max, ...growth } = growing;
  const largest = withLargestRanks(spec, max, alpha);
  const dynamic = dynamicRank({ spec: largest, blocks, ...growth });
  return { initial: { spec: largest, tensors: initialTensors(largest, seed) }, dynamic };
}
