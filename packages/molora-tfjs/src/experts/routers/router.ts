/**
 * What a router is: from a token's hidden state to the weight of every expert, zero where an expert
 * is not selected. One router serves every projection of an adapter; its trainable tensors are
 * passed in by name.
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import type * as tf from '@tensorflow/tfjs';
import type { AdaptedProjection, Tensors } from '../../adapters/adapter-spec.js';

/** How the tokens of one pass were routed at one projection. All are [tokens, experts]. */
export interface Routing {
  /** Which tokens of the pass these are, where it took some only, as an expert of the model does. @default all */
  readonly tokens?: Int32Array;
  readonly logits: tf.Tensor2D;
  /** Softmax of the logits over all experts, before any selection. */
  readonly probabilities: tf.Tensor2D;
  /** What the experts' outputs are multiplied by; exactly zero where not selected. */
  readonly gates: tf.Tensor2D;
}

/** A trainable tensor of a router at one projection. */
export interface RouterTensor {
  /** Appended to `<projection>.router`: nothing, or e.g. `.temperature`. */
  readonly suffix: string;
  readonly shape: readonly number[];
  /** Kaiming-uniform with a = sqrt 5 over so many inputs, or a constant. */
  readonly initial: { readonly fanIn: number } | number;
}

export interface RouterInput {
  /** [tokens, inputs], without dropout */
  readonly x: tf.Tensor2D;
  /** [tokens, sum of ranks]: the input of the experts times the packed A. */
  readonly hidden: tf.Tensor2D;
  readonly projection: AdaptedProjection;
  readonly tensors: Tensors;
  /** Index of the task that the pass belongs to, for routers with one set of weights per task. */
  readonly task: number;
}

export interface Router {
  readonly name: string;
  /** Whether A and B are trained along; false where the experts were trained before. */
  readonly trainsExperts: boolean;
  /** Whether an expert is B A x, not scaled by alpha / rank, where no lora_alpha is given. @default false */
  readonly unscaled?: boolean;
  /** @throws AlphaLoraError `INVALID_OPTION` where the options do not fit the projection */
  tensors(projection: AdaptedProjection): readonly RouterTensor[];
  /** Called for projections with several experts. Differentiable in everything it is given. */
  route(input: RouterInput): Routing;
}

/** What `routers` has under a name: makes a router from options that are plain data. */
export interface RouterFactory<Options = unknown> {
  readonly name: string;
  /**
   * Checks and completes the options, at once and not later: zod, valibot, arktype or any other
   * Standard Schema. @default it has no options
   */
  readonly options?: AllocationPolicy<Options>['options'];
  create(options: Options): Router;
}
