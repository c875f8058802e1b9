/**
 * An operation with a gradient of its own: `tf.customGrad` with types, and with a tidy around the
 * gradient, without which its intermediate results stay in memory until the whole backward pass ends.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * @param forward computes the value and what the gradient needs of it; nothing else that it computes
 *   on the way lives that long. Called once, within a tidy and off the tape
 * @param backward from the gradient of the value to that of each input
 */
export function operation<
  Inputs extends readonly tf.Tensor[],
  Value extends tf.Tensor,
  Saved extends Record<string, tf.Tensor>,
>(
  inputs: Inputs,
  forward: (...inputs: Inputs) => { value: Value; saved: Saved },
  backward: (dy: Value, saved: Saved) => tf.Tensor[],
): Value {
  const op = tf.customGrad((...parameters) => {
    const save = parameters.at(-1) as tf.GradSaveFunc;
    const given = parameters.slice(0, -1) as unknown as Inputs;
    const { value, saved } = forward(...given);
    const names = Object.keys(saved);
    save(Object.values(saved));
    return {
      value,
      gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((name, i) => [name, kept[i]!])) as Saved;
        return tf.tidy(() => backward(dy as Value, named));
      },
    };
  });
  return op(...inputs) as Value;
}
