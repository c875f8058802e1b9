/**
 * What a scheme of quantization is: how its weights are told among the tensors of a checkpoint, and how
 * their values come out of them. A further one is a file and a line in `schemes.ts`.
 */
import type { DType } from '@alphalora/contracts/weights';
import type { ModelConfig } from '../naming/index.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import type { Decoding } from './decoding.js';

/** What a scheme may look at to tell its weights. */
export interface StoredModel {
  /** config.json; empty where there is none. */
  readonly config: ModelConfig;
  /** Its `quantization_config` or `quantization`; empty where it has none. */
  readonly settings: ModelConfig;
  /** Of the files. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensor of this name, in whatever file. */
  get(name: string): FileTensor | undefined;
  /** For what is read to tell a weight. */
  readonly signal?: AbortSignal;
}

/** A weight that is stored in parts. */
export interface FoundWeight<Parts extends object = object, Layout extends object = object> {
  /** That of the original: `<module>.weight`, or of a parameter in no layer. */
  readonly name: string;
  /** The scheme in words, such as `FP8, scales of 128 x 128`. */
  readonly quantization: string;
  /** The stored tensors that its values are made of, the codes among them. */
  readonly parts: Parts;
  /** How they are made of them, as plain data: another thread is sent it. */
  readonly layout: Layout;
  /** Whether it is `[in, out]` as it is read. */
  readonly inputFirst?: boolean;
  /** Whether it is `[out, in]` as it is read, also where models of its name have `[in, out]`. */
  readonly outputFirst?: true;
}

/** A weight that is stored in parts, of which its values cannot be made here. */
export interface UnreadableWeight {
  readonly name: string;
  readonly quantization: string;
  readonly parts: object;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The scheme, and what to do: `AQLM codebooks: measure the original checkpoint`. */
  readonly unreadable: string;
}

type Answer<Parts extends object, Layout extends object> =
  | FoundWeight<Parts, Layout>
  | UnreadableWeight
  | undefined;

export interface Scheme<Parts extends object = object, Layout extends object = object> {
  /** In recipes. */
  readonly name: string;
  /** Last components of the names of tensors that hold its codes. */
  readonly codes: RegExp;
  /**
   * The weight whose codes a tensor holds; undefined when it holds none of this scheme. Of the contents
   * it may read what describes the weight, such as its shape. Parts that do not fit one another make up a
   * weight that is unreadable.
   */
  find(
    codes: FileTensor,
    model: StoredModel,
  ): Answer<Parts, Layout> | Promise<Answer<Parts, Layout>>;
  /** Absent where its weights cannot be read. */
  decoding?(parts: Parts, layout: Layout): Decoding;
}

/** The module of a tensor and what it is called there: `['h.0.attn', 'weight']`. */
export function moduleAndParameter(name: string): [module: string, parameter: string] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)];
}
