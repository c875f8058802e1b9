/** The weights that learn, as variables of the current backend. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { TensorValues } from '../adapters/adapter-spec.js';
import { prepareBackend } from '../ops/prepare-backend.js';
import { isVariable } from '../ops/tensorflow-internals.js';

/**
 * @param learns which of them do. @default all
 * @throws AlphaLoraError `INVALID_OPTION` when there are variables of these names already
 */
export function createVariables(
  tensors: Readonly<Record<string, TensorValues>>,
  learns: (name: string) => boolean = () => true,
): Record<string, tf.Variable> {
  prepareBackend();
  const variables: Record<string, tf.Variable> = {};
  const taken = Object.keys(tensors).find(isVariable);
  if (taken !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `a variable ${taken} is in memory already: dispose() the other model first`,
      { details: { name: taken } },
    );
  }
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const initial = tf.tensor(values, [...shape], 'float32');
    variables[name] = tf.variable(initial, learns(name), name);
    initial.dispose();
  }
  return variables;
}
