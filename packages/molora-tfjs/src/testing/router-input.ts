/** A projection with four experts, and tokens that each prefer another one: the same on every run. */
import * as tf from '@tensorflow/tfjs';
import type { AdaptedProjection, Tensors } from '../adapters/adapter-spec.js';
import type { Router, RouterInput, Routing } from '../experts/routers/router.js';
import { sines } from './gradients.js';

export const TOKENS = 5;

export const projection: AdaptedProjection = {
  name: 'model.layers.0.mlp.up_proj',
  block: 0,
  role: 'up_proj',
  inputs: 6,
  outputs: 7,
  ranks: [2, 1, 3, 2],
  scalings: [1, 0.5, 2, 1],
  topK: 2,
};

/** Within a tidy: what the router is given; its own tensors are planted, none of them zero. */
export function plantedInput(router: Router, topK: number = projection.topK): RouterInput {
  const own = { ...projection, topK };
  const { name, inputs, outputs, ranks } = own;
  const columns = ranks.reduce((sum, rank) => sum + rank, 0);
  const a = tf.tensor2d(sines(inputs * columns, 1), [inputs, columns]);
  const tensors: Record<string, tf.Tensor> = {
    [`${name}.lora_A`]: a,
    [`${name}.lora_B`]: tf.tensor2d(sines(columns * outputs, 2), [columns, outputs]),
  };
  for (const [i, { suffix, shape, initial }] of router.tensors(own).entries()) {
    const size = shape.reduce((product, length) => product * length, 1);
    const from = typeof initial === 'number' ? initial : 0;
    const values = sines(size, 3 + i).map((value) => from + value / 2);
    tensors[`${name}.router${suffix}`] = tf.tensor(values, [...shape]);
  }
  const x = tf.tensor2d(sines(TOKENS * inputs, 9), [TOKENS, inputs]);
  return { x, hidden: tf.matMul(x, a), projection: own, tensors, task: 0 };
}

/** The tokens of the given rows alone. */
export function tokensOf(input: RouterInput, rows: readonly number[]): RouterInput {
  const indices = tf.tensor1d([...rows], 'int32');
  return {
    ...input,
    x: tf.gather(input.x, indices),
    hidden: tf.gather(input.hidden, indices),
  };
}

export const parts = ['logits', 'probabilities', 'gates'] as const;

export type RoutingValues = Record<(typeof parts)[number], number[][]>;

export function valuesOf(routing: Routing): RoutingValues {
  const values = parts.map((part) => [part, routing[part].arraySync()]);
  return Object.fromEntries(values) as RoutingValues;
}

/** Everything that a routing is differentiable in, by name: the tokens and all tensors. */
export function differentiable(input: RouterInput, router: Router): Record<string, tf.Tensor> {
  const names = router
    .tensors(input.projection)
    .map(({ suffix }) => `${input.projection.name}.router${suffix}`);
  return Object.fromEntries(names.map((name) => [name, input.tensors[name]!]));
}

export const withTensors = (input: RouterInput, tensors: Tensors): RouterInput => ({
  ...input,
  tensors: { ...input.tensors, ...tensors },
});
