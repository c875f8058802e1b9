/** What a group of metrics is: names that share one computation, which runs only when one is asked for. */
import type { TailFit } from '@alphalora/contracts';

/** What metrics are computed from. */
export interface MetricContext {
  /** Positive, ascending, pooled over the unit's matrices. */
  readonly eigenvalues: Float64Array;
  readonly fit: TailFit;
  /** Smaller side of each of the matrices whose eigenvalues are pooled. */
  readonly smaller: number;
  readonly larger: number;
  /** How many matrices were pooled. */
  readonly matrices: number;
  /** Eigenvalues of the same matrices with their elements shuffled; needed by some metrics. */
  readonly randomised?: RandomisedSpectrum;
}

/** The spectrum that is left when the elements of a matrix are put in random order. */
export interface RandomisedSpectrum {
  /**
   * Positive, ascending. Of matrices that are too large for a second decomposition, those of a
   * smaller matrix of randomly chosen elements, scaled to the full size: the bulk is the same.
   */
  readonly eigenvalues: Float64Array;
  /** Sides of the matrices that `eigenvalues` belong to, and how many there are. */
  readonly smaller: number;
  readonly larger: number;
  readonly matrices: number;
  /**
   * The largest eigenvalues of the shuffled matrices at full size, descending: all that stand out
   * of the bulk, up to a limit, and at least one.
   */
  readonly largest: Float64Array;
}

export interface MetricGroup {
  /** Names of all its metrics, in the order in which they are written down. */
  readonly metrics: readonly string[];
  /** Whether the context must have the randomised spectrum. */
  readonly needsRandomised?: boolean;
  /** All metrics of the group; not finite where a metric does not exist for this spectrum. */
  compute(context: MetricContext): Record<string, number>;
}
