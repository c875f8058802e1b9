/** Extension points of the measurement: engines that find spectra, estimators that fit their tails. */
import type { Matrix } from './weights.js';

/** Arithmetic of an engine: float32, float64, or float32 first and float64 where it is needed. */
export type Precision = 'auto' | 'f32' | 'f64';

export interface SpectrumOptions {
  precision?: Precision;
  signal?: AbortSignal | undefined;
  /** Threads that may work on this matrix together, which changes no value; one where an engine has no more. */
  threads?: number | undefined;
  /** Called with the share of this matrix that is done, 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
  /** Called once with the arithmetic that the returned values come from and how far down they hold. */
  onPrecision?: ((precision: Exclude<Precision, 'auto'>, resolved: number) => void) | undefined;
}

/**
 * Computes the singular values of one matrix.
 *
 * An engine tells `onPrecision` the smallest singular value that its arithmetic resolves: from there
 * up squares are right to 3e-4; smaller ones are guesses, or zero where nothing can be told. It is 0
 * where all of them are that right, down to the rounding of the largest in float64.
 */
export interface SpectralEngine {
  readonly name: string;
  /**
   * Name of what else decides the last digits, such as one of several builds; the engine loads to
   * find out. Absent when there is only one.
   */
  build?(): Promise<string>;
  /** How many matrices it works on at once; 1 when absent. */
  readonly concurrency?: number;
  /**
   * All min(rows, columns) singular values, in descending order.
   * @throws AlphaLoraError `NO_SPECTRUM` when the matrix holds NaN or infinity
   */
  singularValues(matrix: Matrix, options?: SpectrumOptions): Promise<Float64Array>;
  close?(): Promise<void>;
}

/** An engine that can be chosen by name, before it is loaded. */
export interface EngineEntry {
  /**
   * @param build which of several builds, or `auto`; an engine with a single one ignores it
   * @param maxMemory bytes within which it may do more than it must for exact values; no limit when
   *   absent
   * @throws AlphaLoraError `INVALID_OPTION` when there is no such build
   */
  load(build: string, maxMemory?: number): Promise<SpectralEngine>;
  /** Estimate of the bytes that a matrix takes while it is solved, its decoded values included. */
  memory(matrix: Matrix, precision: Precision, maxMemory: number): number;
  /**
   * The least and the most operations that a matrix usually takes, in a unit of the engine's own: time
   * is in proportion to them. For forecasts, which find out how long one takes. When absent, the
   * floating-point operations of a decomposition.
   */
  work?(matrix: Matrix, precision: Precision): { least: number; most: number };
}

/** A power law `p(lambda) ~ lambda^-alpha` fitted to the tail of a spectrum. */
export interface TailFit {
  /** Exponent of the density. */
  readonly alpha: number;
  /** Smallest eigenvalue of the tail. */
  readonly xmin: number;
  /** Kolmogorov-Smirnov distance between the tail and the fitted law. */
  readonly ks: number;
  /** Number of eigenvalues in the tail, the cut included. */
  readonly tail: number;
  /** Standard error of alpha for this cut; (alpha - 1) / sqrt(tail) of a pure power law. */
  readonly stderr: number;
  /** Rate of the exponential cut-off, `p(lambda) ~ lambda^-alpha exp(-rate lambda)`, if fitted. */
  readonly lambda?: number;
  /** Number of largest eigenvalues that were set aside before the fit, if that was tried. */
  readonly fingers?: number;
  /** Why the fit says nothing, in words, where the estimator itself knows. */
  readonly weak?: string;
  /** Alpha of all eigenvalues, where some may have been set aside. */
  readonly rawAlpha?: number;
}

export interface TailEstimator {
  readonly name: string;
  /** What it was made with, which the document records among its options: `{ tailShare: 0.25 }`. */
  readonly settings?: Readonly<Record<string, number>>;
  /**
   * How many of the largest of `count` eigenvalues the fit depends on, where it does not look at the
   * others. All of them when absent.
   */
  reads?(count: number): number;
  /** Whether the cut is a given one, which no draw moves. @default false */
  readonly fixedCut?: boolean;
  /** Whether alpha changes when all eigenvalues are multiplied by a constant. @default false */
  readonly dependsOnScale?: boolean;
  /**
   * @param eigenvalues positive, ascending
   * @throws AlphaLoraError `NO_SPECTRUM` when no cut gives a fit
   */
  fit(eigenvalues: Float64Array): TailFit;
}
