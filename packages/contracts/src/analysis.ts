/** The Analysis document: what was measured, on what, with which options. */
import type { DType } from './element-types.js';
import type { WeightKind } from './weights.js';

export interface Analysis {
  schemaVersion: 1;
  kind: 'analysis';
  tool: ToolIdentity;
  model: ModelIdentity;
  /** Everything that can change a number. */
  options: AnalysisOptionsRecord;
  /** One row for each weight of the checkpoint; nothing is dropped. */
  matrices: MatrixRow[];
  blocks: BlockRow[];
  timings: { seconds: number };
  /** Present in a part of an analysis: which of how many parts it is, counted from 1. */
  shard?: { index: number; count: number };
}

export interface ToolIdentity {
  name: string;
  version: string;
}

export interface ModelIdentity {
  /** Path or `hf://org/name@revision`. */
  source: string;
  architecture?: string;
  /** Number of blocks. */
  blocks: number;
  /** Path of the LoRA adapter whose update was added to the weights. */
  adapter?: string;
  /** `sha256:` and the digest over the names, shapes and digests of all matrices. */
  digest?: string;
}

export interface AnalysisOptionsRecord {
  estimator: string;
  aggregate: Aggregate;
  engine: string;
  [option: string]: unknown;
}

/**
 * How the alphas of a block's projections become the block's alpha. `trimmed` is the mean without
 * the lowest and the highest fifth, at least one each where there are three or more.
 */
export type Aggregate = 'mean' | 'median' | 'trimmed';

interface RowIdentity {
  name: string;
  shape: number[];
  dtype: DType;
  block?: number;
  role?: string;
  /** Absent means projection where there is a block. */
  kind?: WeightKind;
  /** Whether the stored shape is `[in, out]`. */
  inputFirst?: boolean;
  /** The stored tensor of which this row is a part. */
  partOf?: string;
  /** SHA-256 of the type, shape and values that were measured. */
  digest?: string;
}

export interface AnalysedRow extends RowIdentity {
  status: 'ok';
  alpha: number;
  xmin: number;
  ks: number;
  /** Number of eigenvalues in the tail. */
  tail: number;
  /** Standard error of alpha for a given cut. */
  stderr: number;
  /** Rate of the exponential cut-off, where the law has one. */
  lambda?: number;
  /** Number of largest eigenvalues that the estimator set aside. */
  fingers?: number;
  /** The middle 95 % of `draws`: an interval for alpha that includes the choice of the cut. */
  interval?: [low: number, high: number];
  /** Alpha of every bootstrap draw, in their order. */
  draws?: number[];
  warning?: Warning;
  /**
   * Why the fit says nothing, in words: it counts in no score, and has no interval, no warning and no
   * metrics that follow from it.
   */
  weak?: string;
  spectrum?: SpectrumSummary;
  /** The arithmetic that the spectrum was computed in. */
  precision?: 'f32' | 'f64';
  /**
   * Present where the arithmetic did not resolve eigenvalues that the fit depends on: why alpha and
   * what follows from it are not to be relied on, in words. Metrics that cannot be known are absent.
   */
  imprecise?: string;
  /** Further metrics by name. */
  metrics: Record<string, number>;
}

/**
 * What an alpha outside of the usual range says, by WeightWatcher's bounds: below 2, above 6, and
 * above 8, where the tail is hardly a power law and alpha means little.
 */
export type Warning = 'over-trained' | 'under-trained' | 'spurious';

/** A spectrum, small enough to be kept in the document and drawn. */
export interface SpectrumSummary {
  /** Smallest and largest eigenvalue. */
  range: [smallest: number, largest: number];
  /** Eigenvalues in equal bins of log10 lambda between the two. */
  counts: number[];
  /** Alpha as a function of the cut: sizes of the tail, ascending, and the exponent for each. */
  cuts: { tail: number[]; alpha: number[] };
}

export interface UnanalysedRow extends RowIdentity {
  status: 'skipped' | 'failed';
  /** Why, in words. */
  reason: string;
  /** In a part of an analysis: the part that measures this row, where it is another one. */
  shard?: number;
}

export type MatrixRow = AnalysedRow | UnanalysedRow;

export interface BlockRow {
  index: number;
  /** Aggregate of the alphas of its projections whose fits count; absent when there are none. */
  alpha?: number;
  /** Number of projections whose fits count: analysed, and not `weak`. */
  matrices: number;
  /** Lowest and highest alpha among them. */
  range?: [lowest: number, highest: number];
  /** Standard deviation of their alphas, from two projections on. */
  spread?: number;
  /** The middle 95 % of the block's alpha over the bootstrap draws of its projections. */
  interval?: [low: number, high: number];
}
