/** Extension point of the measurement: metrics of a layer, computed from its spectrum. */
import type { TailFit } from './spectra.js';

/** How far down a spectrum is known. */
export interface Resolution {
  /** Smallest eigenvalue that is right to 3e-4; 0 where all are known. */
  readonly from: number;
  /** Number of eigenvalues, zeros and unknown ones included. */
  readonly count: number;
}

/** Of the same matrices with their elements shuffled. */
export interface RandomisedSpectrum {
  /** Ascending, not negative, as many as the smaller sides of the unit's matrices have together. */
  readonly eigenvalues: Float64Array;
}

/** What metrics are computed from. */
export interface MetricContext {
  /** Positive, ascending, pooled over the unit's matrices. */
  readonly eigenvalues: Float64Array;
  readonly fit: TailFit;
  /** How far down the eigenvalues are known; all of them when absent. */
  readonly resolution?: Resolution;
  /** Smaller side of each of the matrices whose eigenvalues are pooled. */
  readonly smaller: number;
  readonly larger: number;
  /** How many matrices were pooled. */
  readonly matrices: number;
  /** Eigenvalues of the same matrices with their elements shuffled; needed by some metrics. */
  readonly randomised?: RandomisedSpectrum;
}

/** Metrics that share one computation, which runs only when one of them is asked for. */
export interface MetricGroup {
  /** Names of all its metrics, in the order in which they are written down. */
  readonly metrics: readonly string[];
  /** Those of them that follow from the fit: a fit that says nothing has none. */
  readonly fromFit?: readonly string[];
  /** Whether the context must have the randomised spectrum. */
  readonly needsRandomised?: boolean;
  /** All metrics of the group; not finite where a metric does not exist for this spectrum. */
  compute(context: MetricContext): Record<string, number>;
}
