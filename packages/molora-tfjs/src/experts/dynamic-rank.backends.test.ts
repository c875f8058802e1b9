/** What growing ranks promise. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdaptedProjection, AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import { createFrozenLinear, type FrozenLinear } from '../ops/frozen-linear.js';
import { useBackend } from '../test-support/backend.js';
import type { RunContext, StepReport } from '../training/callbacks.js';
import { adaptedProjection, type OnGates } from './adapted-projection.js';
import { type DynamicRank, dynamicRank, withLargestRanks } from './dynamic-rank.js';
import { initialTensors } from './initial-tensors.js';
import { createRouter } from './routers/index.js';
import { trimRanks } from './trim-ranks.js';

const projection: AdaptedProjection = {
  name: 'p',
  block: 0,
  inputs: 6,
  outputs: 5,
  ranks: [2, 2, 2],
  scalings: [2, 2, 2],
  topK: 2,
};
const small: AdapterSpec = {
  projections: [projection],
  router: { name: 'top-k', options: {} },
  dropout: 0,
};
const spec = withLargestRanks(small, 8);
const growth = { spec, initial: 2, target: 4, interval: 5, warmup: 0.1 };
const STEPS = 30;

beforeAll(() => useBackend(inject('backend')));

let variables: Record<string, tf.Variable> = {};
afterEach(() => {
  tf.dispose(variables);
  variables = {};
});

const start = (): void => {
  for (const [name, { shape, values }] of Object.entries(initialTensors(spec, 1)))
    variables[name] = tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
};

describe('dynamic rank in a run', () => {
  it('grows up to its budget; no event changes the output; what is inactive stays zero', async () => {
    start();
    const control = dynamicRank(growth);
    const routerBefore = variables['p.router']!.dataSync().slice();
    await control.callback.onStart?.({ step: 0, steps: STEPS, variables });
    const history: number[][] = [];
    for (let step = 0; step < STEPS; step++) {
      applyGradients(control, variables, step);
      const before = output(spec, variables);
      await stepDone(control, variables, step + 1);
      expect(output(spec, variables)).toEqual(before);
      history.push([...control.ranks()['p']!]);
      // Three of thirty steps are warm-up.
      const routerMoved = variables['p.router']!.dataSync().some((v, i) => v !== routerBefore[i]);
      expect(routerMoved).toBe(step >= 3);
      expect(inactiveRows(variables, control.ranks()['p']!).every((b) => b === 0)).toBe(true);
    }
    // Events follow steps 3 (the end of the warm-up), 8, 13, 18 and 23; each may give ceil(3 * 2 / 5).
    const sums = history.map((ranks) => ranks.reduce((a, b) => a + b));
    expect(sums.slice(0, 13)).toEqual([6, 6, 8, 8, 8, 8, 8, 10, 10, 10, 10, 10, 12]);
    expect(sums.at(-1)).toBe(12);

    const state: AdapterState = { spec, tensors: await valuesOf(variables) };
    const trimmed = trimRanks(state, control.ranks());
    expect(trimmed.spec.projections[0]!.ranks).toEqual(history.at(-1));
    const fewer = tf.tidy(() =>
      output(
        trimmed.spec,
        Object.fromEntries(
          Object.entries(trimmed.tensors).map(([name, { shape, values }]) => [
            name,
            tf.tensor(values, [...shape]),
          ]),
        ),
      ),
    );
    const all = output(spec, variables);
    all.forEach((value, i) => {
      expect(Math.abs(fewer[i]! - value)).toBeLessThan(1e-5);
    });
  });

  it('new ranks learn: their A is random and their B moves after the event', async () => {
    start();
    const control = dynamicRank(growth);
    for (let step = 0; step < 12; step++) {
      applyGradients(control, variables, step);
      await stepDone(control, variables, step + 1);
    }
    const ranks = control.ranks()['p']!;
    const grown = ranks.findIndex((rank) => rank > 2);
    const b = variables['p.lora_B']!.dataSync();
    const row = grown * 8 + 2;
    expect(b.slice(row * 5, row * 5 + 5).some((value) => value !== 0)).toBe(true);
  });

  it('goes on from its state as if it had not stopped, and leaves no tensor', async () => {
    start();
    const before = tf.memory().numTensors;
    const whole = dynamicRank(growth);
    let resumed = dynamicRank(growth);
    for (let step = 0; step < 10; step++) {
      // Twice the same gradients: the first run's are not applied.
      tf.dispose(gradientsOf(whole, variables, step));
      applyGradients(resumed, variables, step, true);
      await stepDone(whole, variables, step + 1);
      await stepDone(resumed, variables, step + 1);
      const kept = JSON.parse(JSON.stringify(await resumed.callback.state?.()));
      resumed = dynamicRank(growth);
      await resumed.callback.restore?.(kept);
      expect(await resumed.callback.state?.()).toEqual(await whole.callback.state?.());
    }
    expect(whole.ranks()['p']!.reduce((a, b) => a + b)).toBeGreaterThan(6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the events of the paper: 113, 313, ..., 3513 of 3,750 steps', async () => {
    start();
    const narrow = { ...spec, projections: [{ ...projection, ranks: [64, 64, 64] }] };
    const control = dynamicRank({ spec: narrow, initial: 2, target: 60, share: 1 });
    const found: number[] = [];
    let before = 6;
    for (let step = 1; step <= 3750; step++) {
      await stepDone(control, variables, step, 3750);
      const sum = control.ranks()['p']!.reduce((a, b) => a + b);
      if (sum !== before) found.push(step);
      before = sum;
    }
    expect(found).toEqual(Array.from({ length: 18 }, (_, i) => 113 + 200 * i));
  });

  it('says what does not fit', async () => {
    expect(() => dynamicRank({ ...growth, target: 9 })).toThrow(/9 on average and 8 at most/);
    const mixed = { ...spec, projections: [{ ...projection, ranks: [2, 8, 8] }] };
    expect(() => dynamicRank({ ...growth, spec: mixed })).toThrow(/same rank/);
    const control = dynamicRank(growth);
    expect(() => control.callback.onStart?.({ step: 0, steps: 5, variables })).toThrow(/5 steps/);
    expect(() => control.callback.restore?.({ data: { q: [] }, tensors: {} })).toThrow(/another/);
  });
});

/** The loss is far from flat in every tensor; the data change from step to step. */
function gradientsOf(
  { onGates, callback }: DynamicRank,
  variables: Record<string, tf.Variable>,
  step: number,
): tf.NamedTensorMap {
  return tf.tidy(() => {
    const x = tf.randomUniform<tf.Rank.R2>([7, 6], -1, 1, 'float32', step + 1);
    const base = zeroBase();
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.square(tf.sub(apply(spec, variables, x, base, onGates), 1))),
      Object.values(variables),
    );
    const names = Object.entries(variables).map(([name, variable]) => [variable.name, name]);
    const byName = Object.fromEntries(names.map(([id, name]) => [name!, grads[id!]!]));
    const context: RunContext = { step, steps: STEPS, variables };
    return { ...callback.onGradients?.(byName, context) };
  });
}

function applyGradients(
  control: DynamicRank,
  variables: Record<string, tf.Variable>,
  step: number,
  still = false,
): void {
  const gradients = gradientsOf(control, variables, step);
  tf.tidy(() => {
    for (const [name, gradient] of Object.entries(gradients)) {
      const variable = variables[name]!;
      if (!still) variable.assign(tf.sub(variable, tf.mul(gradient, 0.3)));
    }
  });
  tf.dispose(gradients);
}

const zeroBase = (): FrozenLinear => createFrozenLinear(tf.zeros([5, 6]));

function apply(
  { projections }: AdapterSpec,
  tensors: Record<string, tf.Tensor>,
  x: tf.Tensor2D,
  base = zeroBase(),
  onGates?: OnGates,
): tf.Tensor2D {
  const router = createRouter(spec.router);
  const context = { router, training: true, dropout: 0, seed: 1, onGates };
  return adaptedProjection(x, base, projections[0]!, tensors, context).output;
}

function output(spec: AdapterSpec, tensors: Record<string, tf.Tensor>): number[] {
  return tf.tidy(() => {
    const x = tf.randomUniform<tf.Rank.R2>([9, 6], -1, 1, 'float32', 99);
    return [...apply(spec, tensors, x).dataSync()];
  });
}

/** Numbers of B in rows whose rank is not active. */
function inactiveRows(variables: Record<string, tf.Variable>, ranks: readonly number[]): number[] {
  const b = variables['p.lora_B']!.dataSync();
  return ranks.flatMap((rank, e) => [...b.slice((e * 8 + rank) * 5, (e + 1) * 8 * 5)]);
}

async function valuesOf(variables: Record<string, tf.Variable>): Promise<AdapterState['tensors']> {
  const entries = Object.entries(variables).map(async ([name, variable]) => {
    return [name, { shape: variable.shape, values: await variable.data<'float32'>() }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** After a step, as the trainer calls it. */
async function stepDone(
  { callback }: DynamicRank,
  variables: Record<string, tf.Variable>,
  step: number,
  steps = STEPS,
): Promise<void> {
  const report: StepReport = {
    step,
    steps,
    epoch: 0,
    loss: 0,
    learningRate: 0,
    gradientNorm: 0,
    tokens: 0,
    targets: 0,
    tokensPerSecond: 0,
    secondsLeft: 0,
  };
  await callback.onStep?.(report, { step, steps, variables });
}
