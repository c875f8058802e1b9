/** Gradients against differences: what the tape gives, and what the function does when it is asked twice. */
import * as tf from '@tensorflow/tfjs';

export type Named = Readonly<Record<string, tf.Tensor>>;

/** Small enough to stay clear of other selections, large enough for float32. */
const STEP = 2 ** -8;
/** Of the difference of two float32 numbers near 1, over twice the step, with the function's curvature. */
const TOLERANCE = 2e-3;

/** Numbers in [-1, 1] without a pattern: sines of integers. */
export function sines(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(12.9 * (i + 1) + 78.2 * seed));
}

/**
 * What is wrong with the gradients of `value` in each of the tensors; undefined where nothing is.
 *
 * @param value differentiable, and nearly linear over steps of 1/256
 */
export function gradientFault(
  value: (tensors: Named) => tf.Scalar,
  tensors: Named,
): string | undefined {
  return tf.tidy(() => {
    const names = Object.keys(tensors);
    const given = names.map((name) => tensors[name]!);
    const named = (values: readonly tf.Tensor[]): Named =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    for (const [i, name] of names.entries()) {
      const { shape, size } = given[i]!;
      const gradient = gradientIn(given[i]!, (moved) => value(named(given.with(i, moved))));
      if (!gradient) return `nothing depends on ${name} by operations that have a gradient`;
      const direction = tf.tensor(sines(size, i), shape);
      const at = (step: number): number => {
        const moved = tf.add(given[i]!, tf.mul(direction, step));
        return value(named(given.with(i, moved))).dataSync()[0]!;
      };
      const expected = (at(STEP) - at(-STEP)) / (2 * STEP);
      const found = tf.sum(tf.mul(gradient, direction)).dataSync()[0]!;
      if (!(Math.abs(found - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
        return `along ${name} it falls or rises by ${expected}, and its gradient says ${found}`;
      }
      if (found === 0) return `its gradient in ${name} is zero`;
    }
    return undefined;
  });
}

/** Undefined where the tape finds no way from the tensor to the value. */
function gradientIn(
  tensor: tf.Tensor,
  value: (tensor: tf.Tensor) => tf.Scalar,
): tf.Tensor | undefined {
  try {
    return tf.grad(value)(tensor);
  } catch (error) {
    if (/Cannot compute gradient/.test(`${error}`)) return undefined;
    throw error;
  }
}

/** How many tensors more there are after `run` than before, in a tidy as every pass is. */
export function tensorsLeft(run: () => void): number {
  const before = tf.memory().numTensors;
  tf.tidy(run);
  return tf.memory().numTensors - before;
}
