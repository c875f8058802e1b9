/**
 * An operation with a gradient of its own: `tf.customGrad` with types, which frees memory as the backward
 * pass goes. By itself the library frees nothing before the whole pass ends: neither what the gradient
 * of an operation computes on its way, nor what was saved for it, nor the parts of a gradient that were
 * added up where a tensor is used several times.
 */
import * as tf from '@tensorflow/tfjs';
import { currentPass } from './tensorflow-internals.js';

/**
 * @param forward computes the value and what the gradient needs of it; nothing else that it computes
 *   on the way lives that long. Called once, within a tidy and off the tape
 * @param backward from the gradient of the value to that of each input: new tensors
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
        const summed = partsOfPass();
        const named = Object.fromEntries(names.map((name, i) => [name, kept[i]!])) as Saved;
        const gradients = tf.tidy(() => backward(dy as Value, named));
        // A node of the tape is met once.
        tf.dispose(kept);
        gradients.forEach((gradient, i) => {
          summed?.add(inputs[i]!, gradient);
        });
        return gradients;
      },
    };
  });
  return op(...inputs) as Value;
}

/** Gradients of tensors that are used several times, in one backward pass. */
interface Parts {
  add(input: tf.Tensor, part: tf.Tensor): void;
}

const passes = new WeakMap<object, { met: Set<number>; added: tf.Tensor[] }>();

/**
 * The library adds the second gradient of a tensor to the first and frees the first; the second and
 * later ones can go as soon as the next operation is asked for its gradient.
 */
function partsOfPass(): Parts | undefined {
  const current = currentPass();
  if (current === undefined) return undefined;
  let pass = passes.get(current);
  if (pass === undefined) {
    pass = { met: new Set(), added: [] };
    passes.set(current, pass);
  }
  const { met, added } = pass;
  tf.dispose(added.splice(0));
  return {
    add({ id }, part) {
      if (met.has(id)) added.push(part);
      met.add(id);
    },
  };
}
