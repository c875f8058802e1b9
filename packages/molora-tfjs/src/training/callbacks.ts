/**
 * Hooks of a run: progress, metrics and diagnostics look on; a controller such as DR-LoRA's
 * (arXiv 2601.04823) masks gradients, holds back variables and keeps a state of its own.
 */
import type { Variable } from '@tensorflow/tfjs';
import type { Tensors, TensorValues } from '../adapters/adapter-spec.js';

export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly steps: number;
  /** Passes over the data so far, in fractions. */
  readonly epoch: number;
  /** Mean over the targets of the step before its update, auxiliary losses included; nats. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global norm of the gradients before they were clipped. */
  readonly gradientNorm: number;
  /** Tokens of the step, without padding. */
  readonly tokens: number;
  /** Weights of its targets together: how many there are, where each counts in full. */
  readonly targets: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
  /** What the evaluation after this step measured, if there was one. */
  readonly evaluation?: Readonly<Record<string, number>>;
}

/** Where a run is, for hooks. */
export interface RunContext {
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** By name; a hook may assign to them in `onStart` and `onStep`. */
  readonly variables: Readonly<Record<string, Variable>>;
}

/** What a callback needs to go on: JSON and tensors. */
export interface CallbackState {
  readonly data: unknown;
  readonly tensors: Readonly<Record<string, TensorValues>>;
}

/** Nothing, or that the run ends before its last step. */
// biome-ignore lint/suspicious/noConfusingVoidType: most hooks return nothing
type Told = void | undefined | 'stop';

export interface TrainingCallback {
  /** Its state is kept under this name; unique within a run. */
  readonly name: string;
  /** Before the first step of this process, after `restore`; takes none when one says `stop`. */
  onStart?(context: RunContext): Told | Promise<Told>;
  /**
   * Sees the accumulated gradients before they are clipped, and returns those to apply: masked, or
   * without those of variables that this step leaves alone. Called within a `tf.tidy`; callbacks
   * are called in their order, each with what the one before returned.
   */
  onGradients?(gradients: Tensors, context: RunContext): Tensors;
  /** After the update; ends the run after this step, with a checkpoint, when one says `stop`. */
  onStep?(report: StepReport, context: RunContext): Told | Promise<Told>;
  /** For a checkpoint; called after `onStep`. */
  state?(): CallbackState | Promise<CallbackState>;
  /** Takes back what `state` gave; called before `onStart`. */
  restore?(state: CallbackState): void | Promise<void>;
}
