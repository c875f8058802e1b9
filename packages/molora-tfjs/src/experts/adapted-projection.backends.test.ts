/** What the adapted projection promises. */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdaptedProjection, Tensors } from '../adapters/adapter-spec.js';
import type { FrozenLinear } from '../ops/frozen-linear.js';
import { useBackend } from '../test-support/backend.js';
import {
  type LiteralCase,
  literalGradients,
  literalOutput,
  type Numbers,
} from '../test-support/literal-experts.js';
import { adaptedProjection } from './adapted-projection.js';
import { projectionTensors } from './initial-tensors.js';
import { createRouterLoss } from './losses/index.js';
import { createRouter } from './routers/index.js';

interface Shape {
  tokens?: number;
  inputs?: number;
  outputs?: number;
  ranks: number[];
  topK: number;
  task?: number;
}

const topK = { name: 'top-k', options: {} };
const undecided = { name: 'entropy', options: { threshold: 0.97, q: 1.1, topP: 0.6 } };

const cases: [string, LiteralCase['router'], Shape][] = [
  ['one expert', topK, { ranks: [3], topK: 1 }],
  ...[1, 2, 3, 4].map((k): (typeof cases)[number] => [
    `top-k, ${k} of 4`,
    topK,
    { ranks: [2, 2, 2, 2], topK: k },
  ]),
  ['top-k, mixed ranks', topK, { ranks: [1, 5, 2], topK: 2 }],
  ['top-k, one token', topK, { tokens: 1, inputs: 3, outputs: 1, ranks: [1, 1], topK: 1 }],
  ['top-k, odd shape', topK, { tokens: 17, inputs: 13, outputs: 5, ranks: [3, 1, 4], topK: 2 }],
  ['soft', { name: 'soft', options: {} }, { ranks: [2, 3, 1], topK: 1 }],
  ...[3, 4].map((k): (typeof cases)[number] => [
    `adaptive-shared, ${k} of 5, 2 of them shared`,
    { name: 'adaptive-shared', options: { shared: 2 } },
    { ranks: [2, 1, 2, 3, 1], topK: k },
  ]),
  [
    'adaptive-shared, one sparse expert',
    { name: 'adaptive-shared', options: { shared: 1 } },
    { ranks: [2, 3], topK: 2 },
  ],
  [
    'adaptive-shared, none shared',
    { name: 'adaptive-shared', options: { shared: 0 } },
    { ranks: [2, 1, 2], topK: 2 },
  ],
  [
    'adaptive-shared, second of three tasks',
    { name: 'adaptive-shared', options: { shared: 1, tasks: 3 } },
    { ranks: [1, 2, 1], topK: 2, task: 1 },
  ],
  ['mole', { name: 'mole', options: {} }, { ranks: [2, 1, 3], topK: 3 }],
  ['mole, one masked', { name: 'mole', options: { masked: [1] } }, { ranks: [2, 1, 3], topK: 3 }],
  ['entropy', undecided, { ranks: [1, 2, 1, 2, 1], topK: 2, tokens: 9 }],
  [
    'entropy, Shannon-like',
    { name: 'entropy', options: { threshold: 0.9, q: 1.0001, topP: 0.75 } },
    { ranks: [1, 2, 1], topK: 1, tokens: 9 },
  ],
];

beforeAll(() => useBackend(inject('backend')));

describe('adapted projection', () => {
  describe('equals a loop over tokens and experts, in value and in every gradient', () => {
    for (const [title, router, shape] of cases) {
      it(title, () => {
        const literal = literalCase(router, shape);
        const { values, names } = randomValues(literal, 1);
        const weights = randomNumbers(values['y']!.length, 1, 'weights');
        const found = packed(literal, values, names, weights);
        expect(largestDifference(found.output, literalOutput(literal, values))).toBeLessThan(1e-5);
        const gradients = literalGradients(literal, values, weights, names);
        for (const name of names) {
          const difference = largestDifference(found.gradients[name]!, gradients[name]!);
          expect(difference, `gradient of ${name}`).toBeLessThan(1e-5);
          expect(isSomewhereNonzero(gradients[name]!), `${name} matters`).toBe(
            !hasNoInfluence(name, router.name, shape),
          );
        }
      });
    }
  });

  it('leaves the base output unchanged to the last bit while B is zero', () => {
    for (const [, router, shape] of cases) {
      const literal = literalCase(router, shape);
      const { values } = randomValues(literal, 2);
      values['p.lora_B']!.fill(0);
      tf.tidy(() => {
        const { x, base, tensors } = toTensors(literal, values);
        const plain = tf.add(tf.matMul(x, base.kernel!), base.bias!);
        const { output } = adaptedProjection(x, base, literal.projection, tensors, {
          router: createRouter(router),
          training: true,
          dropout: 0.3,
          seed: 1,
          task: shape.task ?? 0,
        });
        expect(bits(output)).toEqual(bits(plain));
      });
    }
  });

  it('memory is flat over 200 steps', () => {
    const steps = cases.map(([, router, shape]) => {
      const literal = literalCase(router, shape);
      const { values, names } = randomValues(literal, 3);
      const weights = randomNumbers(values['y']!.length, 3, 'weights');
      return () => packed(literal, values, names, weights);
    });
    const { numTensors, numBytes } = tf.memory();
    for (let step = 0; step < 200; step++) steps[step % steps.length]!();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it('frees what lies between, without a tidy around it', () => {
    for (const [, router, shape] of cases) {
      const literal = literalCase(router, shape);
      const { x, base, tensors } = toTensors(literal, randomValues(literal, 4).values);
      const before = tf.memory().numTensors;
      const { output, routing } = adaptedProjection(x, base, literal.projection, tensors, {
        router: createRouter(router),
        training: true,
        dropout: 0.5,
        seed: 1,
        task: literal.task ?? 0,
      });
      if (routing) tf.dispose(createRouterLoss({ name: 'entropy', coefficient: 1 })([routing]));
      tf.dispose([output, { ...routing }]);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([x, { ...base }, { ...tensors }]);
    }
  });
});

function literalCase(router: LiteralCase['router'], shape: Shape): LiteralCase {
  const { tokens = 6, inputs = 7, outputs = 4, ranks, topK, task } = shape;
  const scalings = ranks.map((rank, e) => (1 + e / 4) / rank);
  const projection = { name: 'p', block: 0, inputs, outputs, ranks, scalings, topK };
  return { projection, router, tokens, ...(task === undefined ? {} : { task }) };
}

/** In float32, so that both sides start from the same numbers. */
function randomValues(literal: LiteralCase, seed: number): { values: Numbers; names: string[] } {
  const { inputs, outputs } = literal.projection;
  const values: Numbers = {
    x: randomNumbers(literal.tokens * inputs, seed, 'x'),
    kernel: randomNumbers(inputs * outputs, seed, 'kernel'),
    bias: randomNumbers(outputs, seed, 'bias'),
    y: new Float64Array(literal.tokens * outputs),
  };
  const names = ['x'];
  for (const { name, shape } of projectionTensors(
    literal.projection,
    createRouter(literal.router),
  )) {
    values[name] = randomNumbers(size(shape), seed, name);
    names.push(name);
  }
  values['p.router.temperature']?.fill(0.75);
  return { values, names };
}

function packed(literal: LiteralCase, values: Numbers, names: string[], weights: Float64Array) {
  return tf.tidy(() => {
    const { x, base, tensors } = toTensors(literal, values);
    const adapted = (...inputs: tf.Tensor[]): tf.Tensor => {
      const named: Tensors = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
      return adaptedProjection(named['x'] as tf.Tensor2D, base, literal.projection, named, {
        router: createRouter(literal.router),
        training: true,
        dropout: 0,
        seed: 1,
        task: literal.task ?? 0,
      }).output;
    };
    const output = [x, ...names.slice(1).map((name) => tensors[name]!)];
    const { value, grads } = tf.valueAndGrads(adapted)(
      output,
      tf.tensor2d(Float32Array.from(weights), [literal.tokens, literal.projection.outputs]),
    );
    const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]!.dataSync()]));
    return { output: value.dataSync(), gradients };
  });
}

function toTensors({ projection, router, tokens }: LiteralCase, values: Numbers) {
  const matrix = (name: string, rows: number, columns: number) =>
    tf.tensor2d(Float32Array.from(values[name]!), [rows, columns]);
  const kernel = matrix('kernel', projection.inputs, projection.outputs);
  const bias = tf.tensor1d(Float32Array.from(values['bias']!));
  const base: FrozenLinear = { kernel, bias };
  const tensors: Tensors = Object.fromEntries(
    projectionTensors(projection, createRouter(router)).map(({ name, shape }) => [
      name,
      tf.tensor(Float32Array.from(values[name]!), [...shape]),
    ]),
  );
  return { x: matrix('x', tokens, projection.inputs), base, tensors };
}

/** A gate that is always 1 has no gradient. */
function hasNoInfluence(name: string, router: string, { topK }: Shape): boolean {
  return router === 'top-k' && topK === 1 && name === 'p.router';
}

function randomNumbers(length: number, seed: number, name: string): Float64Array {
  const random = seededRandom(seed, name);
  return Float64Array.from({ length }, () => Math.fround(2 * random() - 1));
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  // Math.max hands NaN on, and NaN is not small.
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

function isSomewhereNonzero(values: Float64Array): boolean {
  return values.some((value) => Math.abs(value) > 1e-4);
}

function bits(tensor: tf.Tensor): number[] {
  return [...new Int32Array(Float32Array.from(tensor.dataSync()).buffer)];
}

function size(shape: AdaptedProjection['ranks']): number {
  return shape.reduce((product, length) => product * length, 1);
}
