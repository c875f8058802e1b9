/** The Analysis document: what was measured, on what, with which options. */
import type { DType } from './element-types.js';
import type {
  Count,
  Exponent,
  NotNegative,
  Ordinal,
  Parts,
  Positive,
  Share,
  Words,
} from './quantities.js';
import type { StackPlace, WeightKind } from './weights.js';

/** Heavy-tail metrics of every weight matrix of a model */
export interface Analysis {
  schemaVersion: 1;
  kind: 'analysis';
  tool: ToolIdentity;
  model: ModelIdentity;
  /** Everything that can change a number. */
  options: AnalysisOptionsRecord;
  /** Warnings about what was asked for, such as a pattern that matches no weight; absent where there are none. */
  notes?: Words[];
  /** One row for each weight of the checkpoint; nothing is dropped. */
  matrices: MatrixRow[];
  /** Of the main stack. */
  blocks: BlockRow[];
  /** The other stacks of blocks, such as vision towers; absent where there is none. */
  stacks?: StackRow[];
  timings: { seconds: NotNegative };
  /** Present in a part of an analysis: which of how many parts it is, counted from 1. */
  shard?: { index: Ordinal; count: Parts };
}

export interface ToolIdentity {
  name: Words;
  version: Words;
}

export interface ModelIdentity {
  /** Path or `hf://org/name@revision`. */
  source: Words;
  architecture?: Words;
  /** Number of blocks of the main stack. */
  blocks: Count;
  /** Why there is no block where the configuration says that there are some. */
  noBlocks?: Words;
  /** Name of the main stack, where there are others. */
  stack?: Words;
  /** Path of the LoRA adapter whose update was added to the weights. */
  adapter?: Words;
  /** The model whose weights were taken away: rows are of the differences W - W_base. */
  base?: Words;
  /**
   * `sha256:` and the digest over the names, shapes and digests of all matrices.
   * @pattern ^sha256:[0-9a-f]{64}$
   */
  digest?: string;
}

export interface AnalysisOptionsRecord extends Scoring {
  estimator: Words;
  engine: Words;
  [option: string]: unknown;
}

/** From the alphas of projections to scores. */
export interface Scoring {
  aggregate: Aggregate;
  /** A larger alpha counts as this one; rows keep what was measured. */
  cap?: Exponent;
}

/**
 * How the alphas of a block's projections become the block's alpha. `trimmed` is the mean without
 * the lowest and the highest fifth, at least one each where there are three or more; `geometric` is
 * 1 + exp(mean of ln(alpha - 1)).
 */
type Aggregate = 'mean' | 'median' | 'trimmed' | 'geometric';

interface RowIdentity {
  name: Words;
  shape: Count[];
  dtype: DType;
  /** Number of its block in the main stack; absent in all others, so that nothing is counted to both. */
  block?: Count;
  /** Its stack and the number of its block there, where that is not all of the main stack. */
  stack?: StackPlace;
  role?: Words;
  /** Absent means projection where there is a block. */
  kind?: WeightKind;
  /** Whether the stored shape is `[in, out]`. */
  inputFirst?: boolean;
  /** The stored tensor of which this row is a part. */
  partOf?: Words;
  /** The weight of `model.base` that was taken away from it. */
  base?: Words;
  /** The scheme that it was dequantized from, in words: `FP8, scales of 128 x 128`. */
  quantization?: Words;
  /**
   * SHA-256 of the type, shape and values that were measured.
   * @pattern ^[0-9a-f]{64}$
   */
  digest?: string;
}

export interface AnalysedRow extends RowIdentity {
  status: 'ok';
  alpha: Exponent;
  /** Where `alpha` is bagged: that of the one fit that `xmin`, `ks`, `tail` and `stderr` are of. */
  unbagged?: Exponent;
  xmin: Positive;
  ks: Share;
  /** Number of eigenvalues in the tail. */
  tail: Ordinal;
  /** Standard error of alpha for a given cut. */
  stderr: NotNegative;
  /** Rate of the exponential cut-off, where the law has one. */
  lambda?: NotNegative;
  /** Number of largest eigenvalues that the estimator set aside. */
  fingers?: Count;
  /** Alpha before they were. */
  rawAlpha?: Exponent;
  /** The middle 95 % of `draws`: an interval for alpha that includes the choice of the cut. */
  interval?: [low: Exponent, high: Exponent];
  /** Alpha of every draw of the spectrum, in their order. */
  draws?: Exponent[];
  warning?: Warning;
  /**
   * Why the fit says nothing, in words: it counts in no score, and has no interval, no warning and no
   * metrics that follow from it.
   */
  weak?: Words;
  /** Present where the tail has fewer eigenvalues than was asked for, in words: alpha counts all the same. */
  thin?: Words;
  /**
   * Present where the estimator does not look for its cut and the tail above it is no power law, in
   * words: alpha depends on the cut, and the interval holds for this cut only.
   */
  misfit?: Words;
  spectrum?: SpectrumSummary;
  /** The arithmetic that the spectrum was computed in. */
  precision?: 'f32' | 'f64';
  /**
   * Present where the arithmetic did not resolve eigenvalues that the fit depends on: why alpha and
   * what follows from it are not to be relied on, in words. Metrics that cannot be known are absent.
   */
  imprecise?: Words;
  /** Further metrics by name. */
  metrics: Record<string, number>;
}

/**
 * What an alpha outside of the usual range says, by WeightWatcher's bounds: below 2, above 6, and
 * above 8, where the tail is hardly a power law and alpha means little. They are for fits that look
 * for their cut: rows of a given one have no warning.
 */
export type Warning = 'over-trained' | 'under-trained' | 'spurious';

/** A spectrum, small enough to be kept in the document and drawn. */
export interface SpectrumSummary {
  /** Smallest and largest eigenvalue. */
  range: [smallest: Positive, largest: Positive];
  /** Eigenvalues in equal bins of log10 lambda between the two. */
  counts: Count[];
  /** Alpha as a function of the cut: sizes of the tail, ascending, and the exponent for each. */
  cuts: { tail: Ordinal[]; alpha: Exponent[] };
}

export interface UnanalysedRow extends RowIdentity {
  status: 'skipped' | 'failed';
  /** Why, in words. */
  reason: Words;
  /** In a part of an analysis: the part that measures this row, where it is another one. */
  shard?: Ordinal;
}

export type MatrixRow = AnalysedRow | UnanalysedRow;

/** A stack of blocks beside the main one. */
interface StackRow {
  /** What the names of its blocks have before their numbers: `vision_model.encoder.layers`. */
  name: Words;
  /** Why it stands apart from the stack that its names are in. */
  reason?: Words;
  /** Those that have weights, by their numbers in it. */
  blocks: BlockRow[];
}

export interface BlockRow {
  index: Count;
  /** Where the main stack is an encoder and its decoder: the one that the block is in, and its number there. */
  stack?: StackPlace;
  /** Aggregate of the alphas of its projections whose fits count; absent when there are none. */
  alpha?: Exponent;
  /** Number of projections whose fits count: analysed, and not `weak`. */
  matrices: Count;
  /** Number of those whose alpha is above the cap and counts as the cap; absent where there is none. */
  capped?: Ordinal;
  /** Lowest and highest alpha among them. */
  range?: [lowest: Exponent, highest: Exponent];
  /** Standard deviation of their alphas, from two projections on. */
  spread?: NotNegative;
  /** The middle 95 % of the block's alpha over the draws of its projections. */
  interval?: [low: Exponent, high: Exponent];
}
