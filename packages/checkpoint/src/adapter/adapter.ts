/**
 * LoRA adapters (Hu et al., arXiv 2106.09685): factors A [rank, inputs] and B [outputs, rank] of each
 * adapted module, whose weight they change by scale * B A.
 */
import type { ByteSource, DType, StoredTensor, WeightTensor } from '@alphalora/contracts/weights';

/** PEFT, kohya's sd-scripts, diffusers, mlx-lm, `alphalora train`, llama.cpp (GGUF), and the released code of MoLA. */
export type AdapterFormat =
  | 'PEFT'
  | 'AlphaLoRA'
  | 'kohya'
  | 'diffusers'
  | 'mlx-lm'
  | 'GGUF'
  | 'MoLA';

/** The change of one module's weight: `scale` * B A. */
export interface LoraUpdate {
  /**
   * Such as `model.layers.0.self_attn.q_proj`: without PEFT's `base_model.model.`; with `unet.` or
   * `text_encoder.` of kohya and diffusers, and with dots for kohya's underscores as far as they are sure.
   */
  readonly module: string;
  readonly rank: number;
  /** Of a mixture: which of the experts of its module it is, from 0. */
  readonly expert?: number;
  /** alpha / rank, alpha / sqrt(rank) of rank-stabilised LoRA, or what mlx-lm calls scale. */
  readonly scale: number;
  /** Of the factors as they are stored. */
  readonly dtype: DType;
  readonly inputs: number;
  readonly outputs: number;
  /** Sides of the kernels of a convolution, such as [3, 3]. */
  readonly kernel?: readonly number[];
  /** Whether the base stores the weight as `[inputs, outputs]`: Conv1D, embeddings. */
  readonly inputFirst?: boolean;
  /** Whether the module is an embedding. */
  readonly embedding?: boolean;
  /**
   * Present where the rows of B are in the order of llama.cpp, and the file does not say of how many heads:
   * the update in the order of the model that has this config.json. Ranks and spectra need no order.
   *
   * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when it does not say the heads either
   */
  withHeads?(config: Readonly<Record<string, unknown>>): LoraUpdate;
  /** A, [rank, inputs, ...kernel], row-major. */
  readA(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /** B, [outputs, rank], row-major. */
  readB(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
}

export interface Adapter {
  /** What was opened, for messages and documents. */
  readonly source: string;
  /** Of the program that saved it. */
  readonly format: AdapterFormat;
  /** adapter_config.json, which kohya, diffusers and llama.cpp do not write. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The model that it was trained on (`base_model_name_or_path`). */
  readonly base?: string;
  /** In the order of the file. */
  readonly updates: readonly LoraUpdate[];
  /** Weights that the file holds whole: trained biases, heads, embeddings. */
  readonly saved: readonly WeightTensor[];
  /** `__metadata__` of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What people should know of how the files were read, a sentence each. */
  readonly notes: readonly string[];
  readonly weights: ByteSource;
  /** Where routers weigh the updates of several experts, token by token. */
  readonly mixture?: Mixture;
  /**
   * Their parameters, of a mixture: `<module>.router.router.weight`, [experts, inputs], of the router that MoLA and
   * AlphaLoRA have; those of others by the names `<module>.router` and `<module>.router.<parameter>`.
   */
  readonly routers?: readonly StoredTensor[];
  /** Closes the file; factors cannot be read any more. */
  close(): Promise<void>;
}

/** The routers of an adapter with several experts. */
export interface Mixture {
  /** By its name among the routers. */
  readonly router: string;
  /** Experts that the router selects per token, by module. */
  readonly topK: Readonly<Record<string, number>>;
}

/**
 * Which updates are read of a mixture of experts, which has several for a module: one expert's, by its
 * number; their mean, which a router never gives; or each of them, with its number.
 */
export type ExpertChoice = number | 'mean' | 'each';

export interface AdapterOptions {
  /** Needed for adapters with several experts, and for them only, but for `each`. */
  expert?: ExpertChoice;
  /**
   * Experts that the router selects per token, everywhere or in each block: of adapters of MoLA's released code, which
   * do not say it. @default by the released rule, 2 where there are several experts, else 1
   */
  topK?: number | readonly number[];
  signal?: AbortSignal;
}

export interface AdapterSources {
  /** adapter_model.safetensors, adapters.safetensors, pytorch_lora_weights.safetensors, ... */
  weights: ByteSource;
  /** adapter_config.json of PEFT and mlx-lm. */
  config?: ByteSource;
  /** @default the name of `weights` */
  name?: string;
}
