/**
 * Extension point of the allocation: a policy looks at layers and says what each of them should get.
 *
 * A policy is plain data and one pure function. It never reads files, and it cannot break a budget:
 * the host turns its weights into integers, or checks the quantities that it returns.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What is shared out among the layers. */
export type Resource =
  | 'experts'
  /** Rank of a LoRA. */
  | 'rank'
  /** Bits of a quantised weight. */
  | 'bits'
  /** Share of the weights that pruning removes. */
  | 'sparsity'
  /** Whether a matrix is trained, 1, or frozen, 0. */
  | 'selection'
  /** Factors on the global learning rate. */
  | 'learning-rate'
  /** Factors on the global weight decay. */
  | 'weight-decay';

/** A block, or a projection, as a policy sees it. */
export interface PolicyLayer {
  /** Position in the list. */
  readonly index: number;
  /** Index of the block that it is, or belongs to. */
  readonly block: number;
  /** What the policy looks at: alpha, which is larger where less was learned, or its `scoredBy`. */
  readonly score: number;
  /** Of a projection: its role within the block and its name in the checkpoint. */
  readonly role?: string;
  readonly name?: string;
  /** Sums over its linear maps; 0 where the shapes are not known. */
  readonly inputs: number;
  readonly outputs: number;
  /** Weights of its linear maps; 0 where the shapes are not known. */
  readonly parameters: number;
  /** Trainable parameters that one unit of the resource adds; 0 where the shapes are not known. */
  readonly cost: number;
  /**
   * What one unit takes of the budget's total: the amounts times the prices make at most the total.
   * Their mean is 1, and all are 1 where units are counted; 0 where there is no total.
   */
  readonly price: number;
  /** Variance of its weights, where that was measured. */
  readonly variance?: number;
  /** Most units that it can take, where that is less than the budget's `max`. */
  readonly max?: number;
}

/** What a policy may need of every layer beyond its score. */
export type LayerFact = 'shapes' | 'variance' | 'role';

/** What is to be shared out. */
export interface PolicyBudget {
  readonly resource: Resource;
  /** In units of the resource over all layers; absent for multipliers. */
  readonly total?: number;
  /** Bounds of a single layer; a layer may have a lower `max` of its own. */
  readonly min: number;
  readonly max: number;
}

export interface PolicyRequest<Options = Record<string, unknown>> {
  readonly layers: readonly PolicyLayer[];
  readonly options: Options;
  readonly budget: PolicyBudget;
  /** Uniform in [0, 1), seeded by the user. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** One number for each layer, in their order. */
export type PolicyAnswer =
  /** Relative weights: finite, not negative, not all zero. The host makes integers of them. */
  | { readonly weights: readonly number[] }
  /** The quantities themselves. The host checks them against bounds and budget. */
  | { readonly values: readonly number[] };

/** What a policy promises; the conformance tests check what is claimed and skip the rest. */
export interface PolicyTraits {
  /** What it can share out. */
  readonly resources: readonly Resource[];
  readonly answer: 'weights' | 'values';
  /** How a layer's answer moves when its score grows. */
  readonly monotone?: 'increasing' | 'decreasing';
  /** Whether layers in another order get the same answers in that order. */
  readonly equivariant?: boolean;
  /** Whether it draws random numbers. */
  readonly seeded?: boolean;
}

export interface AllocationPolicy<Options = unknown> {
  /** Lower-case words joined by hyphens. */
  readonly name: string;
  readonly version: string;
  /** Version of this interface that it was written for. */
  readonly apiVersion: 1;
  /** One line for lists. */
  readonly summary?: string;
  /** Checks and completes the options: zod, valibot, arktype or any other Standard Schema. */
  readonly options?: StandardSchemaV1<unknown, Options>;
  /**
   * The metric that its scores are, by the name that `analyze --metrics` takes, such as `snr`; alpha
   * where absent. Whoever asks the policy takes the layers from
   * `layersOf(analysis, { scoredBy: policy.scoredBy })`; scores from a file stand in for any metric.
   */
  readonly scoredBy?: string;
  /** What it needs of every layer beyond the score. */
  readonly requires?: readonly LayerFact[];
  readonly traits: PolicyTraits;
  /**
   * Its rule under these options, as the end of the sentence `40 experts are shared out among 8 blocks
   * ...` or, for factors, `The learning rate of each of 8 blocks is multiplied by a factor ...`; on one
   * line, without a full stop: `in proportion to alpha: the less trained a block is, the more it gets`.
   * Allocations carry it as `policy.rule`.
   */
  describe?(about: { readonly options: Options; readonly layer: 'block' | 'projection' }): string;
  allocate(request: PolicyRequest<Options>): PolicyAnswer | Promise<PolicyAnswer>;
}
