/** The same steps as `torch.optim.AdamW` and `torch.nn.utils.clip_grad_norm_`, in float32. */
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { adamW, type VariableGroups } from './adamw.js';
import { clipFactor, globalNorm } from './gradients.js';

const program = `
import torch
def answer(case):
  params = {k: torch.nn.Parameter(torch.tensor(v)) for k, v in case['start'].items()}
  groups = [{'params': [p], 'factor': case['groups'].get(k, {}).get('learningRateFactor', 1),
    'weight_decay': case['groups'].get(k, {}).get('weightDecay', case['weightDecay'])} for k, p in params.items()]
  optimizer = torch.optim.AdamW(groups, lr=1, betas=(case['beta1'], case['beta2']), eps=case['epsilon'])
  norms = []
  for step in case['steps']:
    for k, p in params.items():
      p.grad = torch.tensor(step['gradients'][k]) if k in step['gradients'] else None
    if case['clip']: norms.append(float(torch.nn.utils.clip_grad_norm_(params.values(), case['clip'])))
    for group in optimizer.param_groups: group['lr'] = step['rate'] * group['factor']
    optimizer.step()
  return {'norms': norms, 'end': {k: p.tolist() for k, p in params.items()}}
`;

interface Case {
  start: Record<string, number[]>;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  groups: VariableGroups;
  clip: number | null;
  steps: Array<{ gradients: Record<string, number[]>; rate: number }>;
}

/** Gradients of very different size; every third step leaves one variable out. */
function makeCase(
  options: Pick<Case, 'weightDecay' | 'groups' | 'clip' | 'beta1' | 'epsilon'>,
): Case {
  const vector = (length: number, phase: number, size: number): number[] =>
    Array.from({ length }, (_, i) => Math.fround(size * Math.sin(12.9 * i + 78.2 * phase)));
  return {
    ...options,
    beta2: 0.99,
    start: { a: vector(7, 0.5, 1), b: vector(5, 0.7, 0.01) },
    steps: Array.from({ length: 60 }, (_, step) => ({
      rate: 0.01 * (1 + Math.cos(step / 20)),
      gradients: {
        a: vector(7, step, 10 ** ((step % 7) - 4)),
        ...(step % 3 !== 1 && { b: vector(5, step + 0.3, 0.1) }),
      },
    })),
  };
}

beforeAll(() => useBackend('cpu'));

describeUnless(pythonLacks('torch'), 'AdamW in PyTorch', () => {
  const ask = startPython<Case, { norms: number[]; end: Record<string, number[]> }>(program);

  it.each([
    { weightDecay: 0.1, groups: {}, clip: null, beta1: 0.9, epsilon: 1e-8 },
    { weightDecay: 0, groups: {}, clip: null, beta1: 0.8, epsilon: 1e-3 },
    { weightDecay: 0.01, groups: {}, clip: 0.5, beta1: 0.9, epsilon: 1e-8 },
    {
      weightDecay: 0.1,
      groups: { a: { learningRateFactor: 2.5 }, b: { learningRateFactor: 0.3, weightDecay: 0.7 } },
      clip: 0.5,
      beta1: 0.9,
      epsilon: 1e-8,
    },
  ])('takes the same 60 steps: %o', async (options) => {
    const task = makeCase(options);
    const theirs = await ask(task);

    const variables = Object.entries(task.start).map(([name, values]) =>
      tf.variable(tf.tensor1d(values), true, name),
    );
    const optimizer = adamW(variables, task);
    const norms: number[] = [];
    for (const { gradients, rate } of task.steps) {
      const given = Object.fromEntries(
        Object.entries(gradients).map(([name, values]) => [name, tf.tensor1d(values)]),
      );
      const norm = (await globalNorm(given).data())[0]!;
      if (options.clip !== null) norms.push(norm);
      const factor = clipFactor(norm, options.clip);
      const clipped = Object.entries(given).map(([name, value]) => [name, value.mul(factor)]);
      optimizer.apply(Object.fromEntries(clipped), rate);
    }
    expect(norms).toHaveLength(theirs.norms.length);
    norms.forEach((norm, i) => {
      expect(Math.abs(norm / theirs.norms[i]! - 1)).toBeLessThan(1e-6);
    });
    for (const variable of variables) {
      const expected = theirs.end[variable.name]!;
      [...(await variable.data())].forEach((value, i) => {
        // 60 steps of rounding in float32, whose unit is 6e-8 here.
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
      });
      // Far enough from the start that agreement says something.
      const moved = Math.abs((await variable.data())[0]! - task.start[variable.name]![0]!);
      expect(moved).toBeGreaterThan(0.01);
      variable.dispose();
    }
  });
});
