/** Extension point of the allocation: from layer scores to shares of a budget. */

/** A block as a policy sees it. */
export interface PolicyLayer {
  readonly index: number;
  /** Larger means less well trained, for alpha-like scores. */
  readonly score: number;
}

/**
 * A rule that weighs layers against one another. It never rounds: the host turns weights into
 * integers within the bounds and the total, so no policy can break a budget.
 */
export interface AllocationPolicy<Options extends object = object> {
  readonly name: string;
  readonly version: string;
  /** Completes and checks what the user gave; throws AlphaLoraError `INVALID_OPTION`. */
  parseOptions(options: Readonly<Record<string, unknown>>): Options;
  /** One non-negative, finite weight for each layer; only their proportions count. */
  allocate(layers: readonly PolicyLayer[], options: Options): readonly number[];
}
