/** Weights as they travel from a checkpoint to the analysis: described by a header, read on demand. */

import type { DType } from './element-types.js';
import type { Count, Words } from './quantities.js';

/** By what the bytes of a source are opened once more, such as in another thread: plain data. */
export interface SourceReference {
  /** The source that opens it, such as `path`, by its name among the sources of models. */
  readonly kind: string;
  /** Of the source; those of one checkpoint have names of their own. */
  readonly name: string;
  readonly byteLength: number;
}

/** Random access to bytes: a file, a buffer, a remote object. */
export interface ByteSource {
  /** Where the bytes come from, for messages: a path or a URL. */
  readonly name: string;
  readonly byteLength: number;
  /**
   * Stands for these very bytes where that is known without reading them, as from the digests that a
   * hub lists: sources of equal identity hold equal bytes.
   */
  readonly identity?: string;
  /** Absent for bytes that are in this thread only. */
  readonly reference?: SourceReference;
  /**
   * The bytes `[start, end)`, exactly `end - start` of them.
   * Rejects with `signal.reason` when aborted.
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Fills `target` with the bytes from `start` on, without an intermediate copy. */
  readInto?(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

/** A block of one of several stacks, such as those of a vision tower, or of an encoder and its decoder. */
export interface StackPlace {
  /** What the names of its blocks have before their numbers: `vision_model.encoder.layers`. */
  readonly name: Words;
  /** The number of the block within the stack. */
  readonly block: Count;
}

/** What a weight is for. Only projections count towards a block's score. */
export type WeightKind = 'projection' | 'router' | 'embedding' | 'head' | 'norm' | 'bias' | 'other';

/** What the header of a file says about a tensor. */
export interface TensorDescription {
  readonly name: string;
  /** As stored, e.g. `[out, in]` for a linear map, `[in, out]` for GPT-2's Conv1D. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Whether a linear map is `[out, in]` in this file, also where models of its name have `[in, out]`. */
  readonly outputFirst?: true;
}

/** A tensor with its values, read on demand and decoded to floating point. */
export interface StoredTensor extends TensorDescription {
  /**
   * Decoded elements `[start, end)` in row-major order (all of them by default).
   * A Float64Array where the stored type needs it (F64 and integers over 24 bits).
   */
  read(start?: number, end?: number, signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /**
   * The stored little-endian bytes of the elements from `start` on, straight into `target`.
   * Absent when the elements are not stored in one run, or rows end within a block of them.
   */
  readInto?(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void>;
  /** Stands for these very values where that is known without reading them; see {@link ByteSource}. */
  readonly identity?: string;
}

/** What a checkpoint knows about a weight before it reads any of its values. */
export interface WeightDescription extends TensorDescription {
  /** Number of the block that it belongs to, among those of the main stack; absent in every other stack. */
  readonly block?: number;
  /** The stack of blocks that it is in, where that is not all of the main one. */
  readonly stack?: StackPlace;
  /** Role within the block in the field's vocabulary: `q_proj`, `up_proj`, ... */
  readonly role?: string;
  readonly kind: WeightKind;
  /**
   * Why it is not the matrix of a layer, whatever its axes: a table of positions, scales of quantized
   * weights, the factor of an adapter. Such a tensor is never measured, and this is the reason given.
   */
  readonly notMatrix?: string;
  /**
   * The scheme that it was dequantized from, in words: `FP8, scales of 128 x 128`. Absent where it is
   * stored as numbers, or in the blocks of its element type.
   */
  readonly quantization?: string;
  /** Why its values cannot be had, and what to do: `AQLM codebooks: measure the original checkpoint`. */
  readonly unreadable?: string;
  /** Whether a matrix maps its rows to its columns (`[in, out]`, Conv1D) instead of `[out, in]`. */
  readonly inputFirst?: boolean;
  /** Whether the first axis counts separate matrices, such as the stacked experts of a mixture. */
  readonly stacked?: boolean;
  /** The stored tensor of which this is a part, when a fused projection was split. */
  readonly partOf?: string;
  /** Of a difference of checkpoints: the weight of the base that was taken away, by its name there. */
  readonly base?: string;
}

/**
 * A matrix of low rank as `scale * left * right`, such as the update of a LoRA adapter. Its spectrum
 * is found from the factors; the product, which rounding would give a full rank, is never formed.
 */
export interface LowRankFactors {
  readonly scale: number;
  readonly rank: number;
  /** [rows, rank], row-major. */
  left(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /** [rank, columns], row-major; the columns of kernels [out, in, positions...] are all but the first axis. */
  right(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
}

/** A weight with its values. */
export interface WeightTensor extends WeightDescription, StoredTensor {
  /** Present where the weight is stored as factors. */
  readonly factors?: LowRankFactors;
}

/** One matrix, as a {@link SpectralEngine} receives it. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
  /** Decoded values of the rows `[start, end)` (all by default), row-major. */
  read(start?: number, end?: number, signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /** The stored little-endian bytes of the rows from `start` on, straight into `target`. */
  readInto?(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void>;
  /** Stands for these very values where that is known without reading them; see {@link ByteSource}. */
  readonly identity?: string;
}
