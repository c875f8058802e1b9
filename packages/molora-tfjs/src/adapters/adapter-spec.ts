/** What an adapter consists of: which projections have how many experts of which rank. Plain data. */
import type { Tensor } from '@tensorflow/tfjs';

/** One adapted projection; everything about it that training does not change. */
export interface AdaptedProjection {
  /** Name of the module in the checkpoint, without `.weight`: `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  /** What PyTorch calls it, where that is something else. */
  readonly module?: string;
  readonly block: number;
  /** Its role in the block, e.g. `q_proj`. */
  readonly role?: string;
  readonly inputs: number;
  readonly outputs: number;
  /** LoRA rank of each expert; their number is the length. */
  readonly ranks: readonly number[];
  /** Factor of each expert's output: lora_alpha / rank, or what the router's paper has. */
  readonly scalings: readonly number[];
  /** Experts that are active per token: those that the router selects, shared ones included. */
  readonly topK: number;
}

export interface AdapterSpec {
  /** In the checkpoint's order. */
  readonly projections: readonly AdaptedProjection[];
  /** By name in the registry of routers, with that router's options. */
  readonly router: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** Share of the inputs of the experts that are dropped while training. */
  readonly dropout: number;
}

/**
 * Trainable tensors by name: `<projection>.lora_A` [inputs, sum of ranks], `<projection>.lora_B`
 * [sum of ranks, outputs], `<projection>.router` [inputs, experts] where there are several experts.
 */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A tensor as plain data, in row-major order. */
export interface TensorValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** An adapter as plain data. */
export interface AdapterState {
  readonly spec: AdapterSpec;
  readonly tensors: Readonly<Record<string, TensorValues>>;
}
