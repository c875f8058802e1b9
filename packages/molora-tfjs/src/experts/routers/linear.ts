/**
 * Routers that see a token through one linear map without bias, `logits = x W`, W [inputs, experts]:
 * what is left to say is how logits become gates.
 */
import * as tf from '@tensorflow/tfjs';
import { matMul } from '../../ops/mat-mul.js';
import type { Router, RouterTensor } from './router.js';

export interface GateRule {
  readonly name: string;
  /** @param logits [tokens, experts] @returns gates [tokens, experts], zero where not selected */
  route(logits: tf.Tensor2D, selection: { topK: number }): tf.Tensor2D;
}

export function linearRouter(rule: GateRule): Router {
  return {
    name: rule.name,
    trainsExperts: true,
    tensors: ({ inputs, ranks }): readonly RouterTensor[] => [
      { suffix: '', shape: [inputs, ranks.length], initial: { fanIn: inputs } },
    ],
    route({ x, projection, tensors }) {
      const logits = matMul(x, tensors[`${projection.name}.router`] as tf.Tensor2D);
      return {
        logits,
        probabilities: tf.softmax(logits),
        gates: rule.route(logits, { topK: projection.topK }),
      };
    },
  };
}
