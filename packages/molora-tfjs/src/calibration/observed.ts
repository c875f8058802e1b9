/** One projection while batches pass: its observer, and the numbers that a batch leaves behind. */
import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { type FrozenLinear, frozenOutput, frozenShape } from '../ops/frozen-linear.js';
import { transposedTimes } from '../ops/mat-mul.js';
import type { LinearObserver, ObservedLinear } from '../ops/observed-linear.js';
import { selectRows } from '../ops/select-rows.js';
import { sumOfRows } from '../ops/sum-of-rows.js';
import { transposed } from '../ops/transpose.js';
import { readTensor } from '../ops/webgpu.js';
import { type CalibrationMeasure, isForward } from './measures.js';
import type { SharedInput, SharedInputs } from './shared-inputs.js';

export interface ObservationOptions {
  readonly measures: readonly CalibrationMeasure[];
  /** Of the LoRA of `fisher`, and of the components of `explained-variance`. */
  readonly rank: number;
  /** Of the LoRA of `fisher`. */
  readonly seed: number;
}

/** A projection of the model. */
export interface ObservedProjection {
  readonly name: string;
  readonly map: ObservedLinear;
  /** Positions of the batch that are tokens and no padding; set before each batch. */
  tokens: Int32Array;
  /** The numbers of the batch that has passed, by measure. */
  take(signal?: AbortSignal): Promise<Partial<Record<CalibrationMeasure, number>>>;
  dispose(): void;
}

/** Sums that the observer keeps of a batch until they are taken. */
type Kept = Partial<Record<'squares' | 'products' | 'fisher' | 'activation', tf.Tensor>>;

/** Where the inputs of `explained-variance` are kept, and under which name this one. */
export interface InputOfBatch {
  readonly inputs: SharedInputs;
  readonly owner: string;
}

export async function observedProjection(
  name: string,
  weight: FrozenLinear,
  { measures, rank, seed }: ObservationOptions,
  inputOfBatch?: InputOfBatch,
): Promise<ObservedProjection> {
  const [inputs, outputs] = frozenShape(weight);
  const asked = new Set(measures);
  const norm = await frobenius(weight.transposed ?? weight.kernel!);
  const lora = asked.has('fisher') ? tf.keep(loraInput(name, [inputs, rank], seed)) : undefined;
  let kept: Kept = {};
  let input: SharedInput | undefined;
  const keep = (sums: () => Kept): void => {
    const made = tf.tidy(() => sums() as tf.NamedTensorMap) as Kept;
    for (const tensor of Object.values(made)) tf.keep(tensor);
    kept = { ...kept, ...made };
  };

  const seen = (all: tf.Tensor2D): void => {
    const { tokens } = projection;
    input = inputOfBatch?.inputs.add(inputOfBatch.owner, all, tokens);
    if (!asked.has('activation')) return;
    keep(() => ({ activation: featureNorms(selectRows(all, tokens), weight) }));
  };
  const differentiated = (x: tf.Tensor2D, dy: tf.Tensor2D): void =>
    keep(() => {
      // [outputs, inputs], as the weight is stored.
      const gradient = transposedTimes(dy, x);
      return {
        squares: gradient.square().sum(),
        ...(asked.has('sensitivity') && { products: productSum(gradient, weight) }),
        ...(lora && {
          fisher: tf
            .matMul(transposed(tf.matMul(x, lora)), dy)
            .square()
            .sum(),
        }),
      };
    });

  const backward = !measures.every(isForward);
  const forward = measures.some(isForward);
  // Blocks that are recomputed pass twice; on the way back, each is seen once.
  const observer: LinearObserver = backward
    ? {
        onGradient(x, dy) {
          differentiated(x, dy);
          if (forward) seen(x);
        },
      }
    : { onInput: seen };

  const projection: ObservedProjection = {
    name,
    map: { ...weight, observer },
    tokens: new Int32Array(),
    async take(signal) {
      const batch = kept;
      kept = {};
      try {
        // An expert of a mixture may have taken no token of the batch: its gradient is zero.
        const number = async (tensor: tf.Tensor | undefined): Promise<number> =>
          tensor ? (await readTensor(tensor))[0]! : 0;
        const values: Partial<Record<CalibrationMeasure, number>> = {};
        const squares = backward ? await number(batch.squares) : undefined;
        if (squares !== undefined && asked.has('gradient')) values.gradient = squares;
        if (squares !== undefined && asked.has('residual'))
          values.residual = Math.sqrt(squares) / norm;
        if (asked.has('sensitivity'))
          values.sensitivity = (await number(batch.products)) / (inputs * outputs);
        if (asked.has('fisher')) values.fisher = (await number(batch.fisher)) / (rank * outputs);
        if (batch.activation) {
          const sum = await number(batch.activation);
          values.activation = (sum * Math.sqrt(inputs)) / (norm * projection.tokens.length);
        }
        if (input) values['explained-variance'] = await input.explainedVariance(name, signal);
        return values;
      } finally {
        input = undefined;
        tf.dispose(batch);
      }
    },
    dispose() {
      lora?.dispose();
      tf.dispose(kept);
    },
  };
  return projection;
}

/** Sum of the magnitudes of the products with a gradient, [outputs, inputs]. */
function productSum(gradient: tf.Tensor2D, weight: FrozenLinear): tf.Scalar {
  const { transposed: stored = transposed(weight.kernel!) } = weight;
  return gradient.mul(stored).abs().sum();
}

async function frobenius(matrix: tf.Tensor2D): Promise<number> {
  const squares = tf.tidy(() => matrix.square().sum());
  try {
    return Math.sqrt((await readTensor(squares))[0]!);
  } finally {
    squares.dispose();
  }
}

/** `A^T` of a new LoRA, [inputs, rank]. */
export function loraInput(
  name: string,
  shape: [inputs: number, rank: number],
  seed: number,
): tf.Tensor2D {
  const random = seededRandom(seed, name);
  const bound = 1 / Math.sqrt(shape[0]);
  const length = shape[0] * shape[1];
  return tf.tensor2d(
    Float32Array.from({ length }, () => bound * (2 * random() - 1)),
    shape,
  );
}

/** Sum over the tokens of `norm(W x) / norm(x)`; tokens that are all zero have none. */
function featureNorms(x: tf.Tensor2D, { bias: _, ...weight }: FrozenLinear): tf.Scalar {
  const norms = (matrix: tf.Tensor2D): tf.Tensor1D =>
    sumOfRows(transposed(matrix.square())).sqrt() as tf.Tensor1D;
  return tf.divNoNan(norms(frozenOutput(x, weight)), norms(x)).sum();
}
