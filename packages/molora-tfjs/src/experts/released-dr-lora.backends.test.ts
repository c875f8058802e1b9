/**
 * Ranks of a whole run against those that the released script of DR-LoRA gave (`finetune/finetune.py`: its
 * hooks on the gradients, its counts of routing and its growth events), run with torch on the weights,
 * gradients and counts that are made below. Its cases are in test-support/released-dr-lora.json.
 */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import type { BlockConfig } from '../decoder/config.js';
import { useBackend } from '../test-support/backend.js';
import type { StepReport } from '../training/callbacks.js';
import { dynamicRank } from './dynamic-rank.js';

interface Case {
  layers: number;
  experts: number;
  /** LoRAs of an expert. */
  projections: number;
  initial: number;
  target: number;
  max: number;
  share: number;
  interval: number;
  steps: number;
  warmup: number;
  /** After each event, by layer and expert. */
  events: { step: number; ranks: number[][] }[];
}

const file = new URL('../test-support/released-dr-lora.json', import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(file, 'utf8'));
const [inputs, outputs] = [5, 4];

/** Numbers from -0.5 to 0.5 that two languages agree on. */
function value(step: number, module: number, side: number, j: number, k: number): number {
  const x = Math.sin(step * 3.7 + module * 17.3 + side * 5.1 + j * 12.9898 + k * 78.233 + 1);
  return x * 43758.5453 - Math.floor(x * 43758.5453) - 0.5;
}

/** How often an expert was chosen in a step. */
const count = (step: number, layer: number, expert: number): number =>
  Math.floor(20 * (value(step, layer, 7, expert, 0) + 0.5)) * ((expert + layer) % 3 ? 1 : 2);

beforeAll(() => useBackend(inject('backend')));

let variables: Record<string, tf.Variable> = {};
afterEach(() => {
  tf.dispose(variables);
  variables = {};
});

describe.each(cases)('$layers layers of $experts experts, $projections LoRAs each', (own) => {
  const { layers, experts, projections, max, steps, events, ...growth } = own;
  const moduleName = (layer: number, expert: number, part: number): string =>
    `model.layers.${layer}.mlp.experts.${expert}.part${part}`;
  const routerName = (layer: number): string => `model.layers.${layer}.mlp.gate`;
  const modules = indices(layers).flatMap((layer) =>
    indices(experts).flatMap((expert) =>
      indices(projections).map((part) => ({ layer, expert, part })),
    ),
  );
  const blocks = indices(layers).map(
    (layer): BlockConfig => ({
      name: `model.layers.${layer}`,
      norms: {},
      projections: modules
        .filter((module) => module.layer === layer)
        .map(({ expert, part }) => ({
          ...{ name: moduleName(layer, expert, part), role: `part${part}`, expert },
          ...{ inputs, outputs, bias: false, parts: ['up'] },
        })),
      feedForward: {
        ...{ kind: 'mixture', activation: 'silu', experts, perToken: 2, normalized: false },
        ...{ router: routerName(layer), stacked: `model.layers.${layer}.mlp` },
      },
    }),
  );
  const spec: AdapterSpec = {
    projections: modules.map(({ layer, expert, part }) => ({
      ...{ name: moduleName(layer, expert, part), block: layer, inputs, outputs, topK: 1 },
      ...{ ranks: [max], scalings: [2] },
    })),
    router: { name: 'top-k', options: {} },
    dropout: 0,
  };
  const factorA = (step: number, module: number, side: number): tf.Tensor2D =>
    tf.tensor2d(
      indices(inputs).map((k) => indices(max).map((j) => value(step, module, side, j, k))),
    );
  const factorB = (step: number, module: number, side: number): tf.Tensor2D =>
    tf.tensor2d(
      indices(max).map((j) => indices(outputs).map((k) => value(step, module, side, j, k))),
    );

  it('gives the ranks that the released script gives', async () => {
    for (const [index, { layer, expert, part }] of modules.entries()) {
      const name = moduleName(layer, expert, part);
      variables[`${name}.lora_A`] = tf.tidy(() => tf.variable(factorA(0, index, 0)));
      variables[`${name}.lora_B`] = tf.tidy(() => tf.variable(factorB(0, index, 1)));
    }
    const control = dynamicRank({ spec, blocks, ...growth });
    const before = tf.memory().numTensors;
    const found: Case['events'] = [];
    for (let step = 1; step <= steps; step++) {
      tf.tidy(() => {
        const gradients: Record<string, tf.Tensor> = {};
        for (const [index, { layer, expert, part }] of modules.entries()) {
          const name = moduleName(layer, expert, part);
          gradients[`${name}.lora_A`] = factorA(step, index, 2);
          gradients[`${name}.lora_B`] = factorB(step, index, 3);
        }
        for (const layer of indices(layers)) {
          const rows = indices(60).map((token) =>
            indices(experts).map((expert) => (token < count(step, layer, expert) ? 0.3 : 0)),
          );
          control.onGates(routerName(layer), tf.tensor2d(rows));
        }
        control.callback.onGradients?.(gradients, { step: step - 1, steps, variables });
      });
      await control.callback.onStep?.({ step, steps } as StepReport, { step, steps, variables });
      const ranks = control.ranks();
      if (!events.some((event) => event.step === step)) continue;
      const of = (layer: number, expert: number): number => {
        const own = indices(projections).map((part) => ranks[moduleName(layer, expert, part)]![0]!);
        expect(new Set(own).size).toBe(1);
        return own[0]!;
      };
      found.push({
        step,
        ranks: indices(layers).map((layer) => indices(experts).map((expert) => of(layer, expert))),
      });
    }
    expect(found).toEqual(events);
    expect(tf.memory().numTensors).toBe(before);
  });
});

function indices(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
