/** The Analysis document: what was measured, on what, with which options. */
import type { DType, WeightKind } from './weights.js';

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
  /** `sha256:` and the digest over the names, shapes and digests of all matrices. */
  digest?: string;
}

export interface AnalysisOptionsRecord {
  estimator: string;
  aggregate: Aggregate;
  engine: string;
  [option: string]: unknown;
}

/** How the alphas of a block's projections become the block's alpha. */
export type Aggregate = 'mean' | 'median';

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
  stderr: number;
  /** The arithmetic that the spectrum was computed in. */
  precision?: 'f32' | 'f64';
  /** Further metrics by name. */
  metrics: Record<string, number>;
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
  /** Aggregate of the alphas of its analysed projections; absent when there are none. */
  alpha?: number;
  /** Number of analysed projections. */
  matrices: number;
}
