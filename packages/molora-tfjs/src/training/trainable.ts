/** What the trainer needs of a model: variables, and the loss of a batch of tokens. Nothing else. */
import type { Scalar, Variable } from '@tensorflow/tfjs';
import type { VariableGroups } from './adamw.js';

/** Sequences of tokens, padded at the end to one length. Row-major, [rows, length]. */
export interface TokenBatch {
  readonly ids: Int32Array;
  /**
   * Weight of each token as a target: position t predicts token t + 1, so that the weights of the
   * first tokens never count. Zero on padding.
   */
  readonly weights: Float32Array;
  readonly rows: number;
  readonly length: number;
  /** Tokens of each row without its padding. */
  readonly lengths: readonly number[];
}

export interface LossOptions {
  /** Decides everything random in the pass, such as the masks of dropout. */
  readonly seed: number;
  /** Without it: no dropout and no auxiliary losses, as when a model is evaluated. */
  readonly training: boolean;
}

export interface Trainable {
  /** What learns; names are unique. */
  readonly variables: readonly Variable[];
  /** What some of them have of their own: no weight decay for gains and biases, for instance. @default nothing */
  readonly groups?: VariableGroups;
  /** Tokens are below it, which is checked before the first step. @default no check */
  readonly vocabularySize?: number;
  /**
   * Mean cross-entropy in nats over the weighted targets, plus auxiliary losses. Called within a
   * `tf.tidy` and on the tape of `tf.variableGrads`.
   */
  loss(batch: TokenBatch, options: LossOptions): Scalar;
}

/** Sum of the weights of all tokens that some position predicts. */
export function targetWeight({ weights, rows, length }: TokenBatch): number {
  let sum = 0;
  for (let row = 0; row < rows; row++)
    for (let t = 1; t < length; t++) sum += weights[row * length + t]!;
  return sum;
}
