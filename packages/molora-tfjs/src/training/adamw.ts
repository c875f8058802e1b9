/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101): Adam with weight decay applied to the weights and
 * not to the gradients. In the order of operations of `torch.optim.AdamW`:
 *
 *     w <- w (1 - rate decay)
 *     m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
 *     w <- w - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 *
 * TensorFlow.js has Adam without decoupled decay, and its state leaves out how often each variable
 * was updated. One variable after the other: packing 168 variables of together 2.6 million numbers into
 * one vector takes 16 times as long on WebAssembly, and saves less than 3 % of a step on tfjs-node.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { Tensors, TensorValues } from '../adapters/adapter-spec.js';
import { tensorOf, valuesOf } from '../ops/values.js';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Share of a weight that a step of learning rate 1 takes away. */
  readonly weightDecay: number;
  /** What some variables have of their own, by name, as PyTorch's parameter groups do. @default nothing */
  readonly groups?: VariableGroups | undefined;
}

/** By name of the variable; those that are absent learn by the settings alone. */
export type VariableGroups = Readonly<Record<string, VariableGroup>>;

export interface VariableGroup {
  /** Times the learning rate of the step, in weight decay as well. @default 1 */
  readonly learningRateFactor?: number;
  /** In place of the setting. @default the setting */
  readonly weightDecay?: number;
}

/** All that AdamW remembers, by name of the variable; variables never updated are absent. */
export interface AdamWState {
  /** Updates so far. */
  readonly updates: Readonly<Record<string, number>>;
  /** Moving averages of the gradients. */
  readonly first: Readonly<Record<string, TensorValues>>;
  /** Moving averages of their squares. */
  readonly second: Readonly<Record<string, TensorValues>>;
}

export interface AdamW {
  /**
   * One step. Variables without a gradient stay as they are, decay included, as in PyTorch.
   * @param gradients by name of the variable, of its shape; stay the caller's
   * @param factor of the gradients, which clips them. @default 1
   */
  apply(gradients: Tensors, learningRate: number, factor?: number): void;
  state(): Promise<AdamWState>;
  dispose(): void;
}

interface Moments {
  updates: number;
  first: tf.Tensor;
  second: tf.Tensor;
}

/** What the updates of one step have in common. */
interface Step {
  readonly learningRate: number;
  readonly factor: number;
  number(value: number): tf.Scalar;
}

/** Numbers as tensors, each made once: an operation that is given a number makes a tensor of it each time. */
function numbers(): { number: Step['number']; dispose(): void } {
  const made = new Map<number, tf.Scalar>();
  return {
    number(value) {
      const tensor = made.get(value) ?? tf.keep(tf.scalar(value));
      made.set(value, tensor);
      return tensor;
    },
    dispose: () => tf.dispose([...made.values()]),
  };
}

/**
 * @param state goes on from there; it has no part in the groups, which may differ from before
 * @throws AlphaLoraError `INVALID_OPTION` when the state is not one of these variables, or a group names
 *   none of them or has a value below zero
 */
export function adamW(
  variables: readonly tf.Variable[],
  { beta1, beta2, epsilon, weightDecay, groups = {} }: AdamWOptions,
  state?: AdamWState,
): AdamW {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const moments = new Map<string, Moments>();
  checkGroups(groups, byName);
  if (state) checkState(state, byName);
  for (const [name, updates] of Object.entries(state?.updates ?? {})) {
    const [first, second] = [tensorOf(state!.first[name]!), tensorOf(state!.second[name]!)];
    moments.set(name, { updates, first: tf.keep(first), second: tf.keep(second) });
  }

  function update(
    name: string,
    found: tf.Tensor,
    { learningRate: stepRate, factor, number }: Step,
  ): void {
    const variable = byName.get(name);
    if (!variable) throw new AlphaLoraError('INVALID_OPTION', `no variable is named ${name}`);
    const old = moments.get(name);
    const updates = (old?.updates ?? 0) + 1;
    const group = groups[name];
    const learningRate = stepRate * (group?.learningRateFactor ?? 1);
    const decay = group?.weightDecay ?? weightDecay;
    const [first, second] = tf.tidy(() => {
      const gradient = factor === 1 ? found : found.mul(number(factor));
      const m = gradient.mul(number(1 - beta1));
      const v = gradient.square().mul(number(1 - beta2));
      const first = old ? old.first.mul(number(beta1)).add(m) : m;
      const second = old ? old.second.mul(number(beta2)).add(v) : v;
      // Both sides of the fraction times the root of 1 - beta2^t.
      const root = Math.sqrt(1 - beta2 ** updates);
      const change = first
        .mul(number((learningRate * root) / (1 - beta1 ** updates)))
        .div(second.sqrt().add(number(epsilon * root)));
      const kept = decay === 0 ? variable : variable.mul(number(1 - learningRate * decay));
      variable.assign(kept.sub(change));
      return [tf.keep(first), tf.keep(second)];
    });
    old?.first.dispose();
    old?.second.dispose();
    moments.set(name, { updates, first: first!, second: second! });
  }

  const collect = <T>(pick: (moments: Moments) => T): Record<string, T> =>
    Object.fromEntries([...moments].map(([name, entry]) => [name, pick(entry)]));

  return {
    apply(gradients, learningRate, factor = 1) {
      const { number, dispose } = numbers();
      try {
        for (const [name, gradient] of Object.entries(gradients))
          update(name, gradient, { learningRate, factor, number });
      } finally {
        dispose();
      }
    },
    async state() {
      return {
        updates: collect(({ updates }) => updates),
        first: await valuesOf(collect(({ first }) => first)),
        second: await valuesOf(collect(({ second }) => second)),
      };
    },
    dispose() {
      for (const { first, second } of moments.values()) {
        first.dispose();
        second.dispose();
      }
      moments.clear();
    },
  };
}

function checkGroups(groups: VariableGroups, variables: ReadonlyMap<string, tf.Variable>): void {
  for (const [name, group] of Object.entries(groups)) {
    const values = Object.entries(group).filter(([, value]) => value !== undefined);
    const wrong = values.find(([, value]) => !(Number.isFinite(value) && value >= 0));
    if (variables.has(name) && !wrong) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      wrong
        ? `${wrong[0]} of ${name} is ${wrong[1]}; it must be zero or more`
        : `no variable is named ${name}, which has a learning rate or a weight decay of its own`,
      { details: { tensor: name } },
    );
  }
}

function checkState(
  { updates, first, second }: AdamWState,
  variables: ReadonlyMap<string, tf.Variable>,
): void {
  for (const name of Object.keys(updates)) {
    const shape = `[${variables.get(name)?.shape}]`;
    if (
      variables.has(name) &&
      `[${first[name]?.shape}]` === shape &&
      `[${second[name]?.shape}]` === shape
    )
      continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the state of the optimiser has ${name}, which the model has not, or of another shape; resume with the same model and allocation`,
      { details: { tensor: name } },
    );
  }
}
