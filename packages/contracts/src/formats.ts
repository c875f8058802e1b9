/** Extension point of checkpoints: the formats that weights are stored in. */
import type { ByteSource, StoredTensor } from './weights.js';

/** A tokenizer, in the words of the files that the Hugging Face library reads. */
export interface TokenizerDescription {
  /** In the words of a tokenizer.json. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** In the words of a tokenizer_config.json: special tokens, a chat template. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** What a file holds, before anything is made of the names in it. */
export interface FormatContent {
  /** In the order of their bytes in the file; plain objects, which are copied. */
  readonly tensors: readonly StoredTensor[];
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * In the words of a config.json, which comes first where there is one. Of several files, what later
   * ones say counts.
   */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What the file calls settings of `config` that have another name there, for messages. @default the same */
  readonly settingNames?: Readonly<Record<string, string>>;
  /**
   * Made when it is asked for: vocabularies are large, and most work needs none.
   *
   * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for one that cannot be described,
   *   `INVALID_CHECKPOINT` for one that is none
   */
  readonly tokenizer?: () => TokenizerDescription;
  /** How many files the model is in, as this one says. @default 1 */
  readonly files?: number;
  /** What people should know of how the file was read, a sentence each that names the file. @default none */
  readonly notes?: readonly string[];
}

/** A format of files: told by their first bytes, whatever their names are. */
export interface CheckpointFormat {
  /** What messages call it, such as `safetensors`. */
  readonly name: string;
  /** What names of its files end in, such as `.safetensors`. */
  readonly extensions: readonly string[];
  /** What files of whole models are called without the ending, the usual name first. @default ['model'] */
  readonly modelNames?: readonly string[];
  /** Whether a file is a tensor, called as the file is: all files of a folder are one model. */
  readonly oneTensorPerFile?: boolean;
  /**
   * Whether a model in several files has them numbered before the extension, `-00001-of-00003`, rather
   * than listed in an index.
   */
  readonly numbered?: boolean;
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
   * @param first what the first of several files holds, for those after it
   * @throws AlphaLoraError `INVALID_CHECKPOINT` when the file breaks a rule of the format,
   *   `UNSUPPORTED_CHECKPOINT` when it holds what cannot be decoded
   */
  read(source: ByteSource, signal?: AbortSignal, first?: FormatContent): Promise<FormatContent>;
}
