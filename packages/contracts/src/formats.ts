/** Extension point of checkpoints: the formats that weights are stored in. */
import type { ByteSource, StoredTensor } from './weights.js';

/** What a file holds, before anything is made of the names in it. */
export interface FormatContent {
  /** In the order of their bytes in the file; plain objects, which are copied. */
  readonly tensors: readonly StoredTensor[];
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the words of a config.json, which comes first where there is one. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** In the words of a tokenizer.json. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
}

/** A format of files: told by their first bytes, whatever their names are. */
export interface CheckpointFormat {
  /** What messages call it, such as `safetensors`. */
  readonly name: string;
  /** What names of its files end in, such as `.safetensors`. */
  readonly extensions: readonly string[];
  /**
   * Whether a file is of this format.
   *
   * @param head its first 512 bytes; all of a shorter file
   */
  sniff(head: Uint8Array): boolean;
  /**
   * Reads and checks headers; tensors are read when they are asked for. Nothing that the file says is
   * believed before it is checked against its size.
   *
   * @throws AlphaLoraError `INVALID_CHECKPOINT` when the file breaks a rule of the format,
   *   `UNSUPPORTED_CHECKPOINT` when it holds what cannot be decoded
   */
  read(source: ByteSource, signal?: AbortSignal): Promise<FormatContent>;
}
