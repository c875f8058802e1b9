/** Ranks that grow on the experts of mixtures, in runs of the trainer. */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { logits } from '../decoder/forward.js';
import { useBackend } from '../test-support/backend.js';
import { randomDecoder } from '../test-support/random-decoder.js';
import { type TokenSequence, tokenBatch } from '../training/sequences.js';
import { trainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import type { TrainingState } from '../training/training-state.js';
import { type DynamicRank, dynamicRank, withLargestRanks } from './dynamic-rank.js';
import type { GrowthRuleName } from './growth-rules.js';
import { initialTensors } from './initial-tensors.js';

const sequences: TokenSequence[] = Array.from({ length: 8 }, (_, i) => ({
  ids: Int32Array.from({ length: 5 + (i % 3) }, (_, t) => (3 * i + 2 * t) % 17),
  weights: Float32Array.from({ length: 5 + (i % 3) }, () => 1),
}));
const settings = trainingSettings({ steps: 12, batchSize: 4, learningRate: 0.03 }, 8);
const growth = { initial: 1, target: 2, interval: 3, warmup: 0.1, share: 0.4 };

const families = [
  { model_type: 'mixtral', num_local_experts: 4, num_experts_per_tok: 2 },
  { model_type: 'olmoe', num_experts: 4, num_experts_per_tok: 2 },
  { model_type: 'qwen3_moe', num_experts: 4, num_experts_per_tok: 3, moe_intermediate_size: 20 },
];

beforeAll(() => useBackend(inject('backend')));

describe.each(families)('$model_type', ({ model_type, num_experts_per_tok: perToken, ...own }) => {
  let decoder: Decoder;
  let spec: AdapterSpec;
  beforeAll(async () => {
    const { checkpoint, config } = await randomDecoder({
      ...{ model_type, num_experts_per_tok: perToken, tie_word_embeddings: true, ...own },
    });
    decoder = await loadDecoder(checkpoint, config);
    const projections = decoder.config.blocks.flatMap(({ projections }, block) =>
      projections
        .filter(({ expert, parts }) => expert !== undefined && !parts.includes('gate'))
        .map(({ name, role, inputs, outputs }) => ({
          ...{ name, role, block, inputs, outputs, topK: 1 },
          ...{ ranks: [1], scalings: [1] },
        })),
    );
    const small = { projections, router: { name: 'top-k', options: {} }, dropout: 0 };
    spec = withLargestRanks(small, 4);
  });
  afterAll(() => decoder.dispose());

  const controlOf = (rule: GrowthRuleName): DynamicRank =>
    dynamicRank({ spec, blocks: decoder.config.blocks, rule, ...growth });

  async function run(rule: GrowthRuleName, resume?: TrainingState, until?: number) {
    const control = controlOf(rule);
    const model = adaptedModel(
      decoder,
      { spec, tensors: initialTensors(spec, 1) },
      { onGates: control.onGates, recompute: rule === 'paper' },
    );
    const abort = new AbortController();
    const losses: number[] = [];
    let state: TrainingState | undefined;
    const whole = train({
      ...{ model: model.trainable, sequences, settings, signal: abort.signal },
      ...(resume && { resume }),
      callbacks: [
        control.callback,
        {
          name: 'watch',
          onStep({ loss, step }) {
            losses.push(loss);
            if (step === until) abort.abort();
          },
        },
      ],
      checkpoints: {
        every: 100,
        save: async (saved) => {
          state = saved;
        },
      },
    });
    if (until === undefined) await whole;
    else await expect(whole).rejects.toThrow();
    model.dispose();
    return { losses, state: state!, ranks: control.ranks() };
  }

  it.each(['released', 'paper'] as const)(
    'grows by the rule %s, also when resumed',
    async (rule) => {
      const before = tf.memory().numTensors;
      const whole = await run(rule);
      const { blocks } = decoder.config;
      for (const { projections } of blocks) {
        const byExpert = [0, 1, 2, 3].map((expert) =>
          projections
            .filter((own) => own.expert === expert && whole.ranks[own.name])
            .map(({ name }) => whole.ranks[name]!),
        );
        for (const ranks of byExpert) {
          // Up and down grow together.
          expect(ranks).toHaveLength(2);
          expect(ranks[0]).toEqual(ranks[1]);
        }
        const all = byExpert.map(([ranks]) => ranks![0]!);
        expect(all.reduce((sum, rank) => sum + rank)).toBe(8);
        // Not all alike.
        expect(new Set(all).size).toBeGreaterThan(1);
      }
      const first = await run(rule, undefined, 7);
      const second = await run(rule, first.state);
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.ranks).toEqual(whole.ranks);
      expect(second.state.tensors).toEqual(whole.state.tensors);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('is told the gates of each block, by the name of its router', () => {
    const told: Record<string, number[][]> = {};
    tf.tidy(() => {
      const ids = tf.tensor2d(
        [
          [1, 5, 9, 2],
          [3, 3, 11, 7],
        ],
        [2, 4],
        'int32',
      );
      const adapter = { spec, tensors: tensorsOf(spec) };
      const onGates = (name: string, gates: tf.Tensor2D): void => {
        told[name] = gates.arraySync();
      };
      logits(decoder, ids, { adapter, onGates });
    });
    const module = model_type === 'mixtral' ? 'block_sparse_moe' : 'mlp';
    expect(Object.keys(told)).toEqual([0, 1].map((i) => `model.layers.${i}.${module}.gate`));
    for (const gates of Object.values(told)) {
      expect(gates).toHaveLength(8);
      for (const row of gates) expect(row.filter((gate) => gate > 0)).toHaveLength(perToken);
    }
  });

  it('has the same sensitivity on both sides of a LoRA', () => {
    const { ids, weights, rows, length, lengths } = tokenBatch(sequences.slice(0, 3));
    const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 1) });
    tf.tidy(() => {
      for (const [name, variable] of Object.entries(model.adapter.tensors)) {
        if (name.endsWith('.lora_B'))
          variable.assign(tf.randomUniform(variable.shape, -0.3, 0.3, 'float32', 5));
      }
      const { grads } = tf.variableGrads(
        () =>
          model.trainable.loss(
            { ids, weights, rows, length, lengths },
            { seed: 1, training: true },
          ),
        [...model.trainable.variables],
      );
      let compared = 0;
      for (const { name } of spec.projections) {
        const [a, b] = [`${name}.lora_A`, `${name}.lora_B`];
        if (!grads[a] || !grads[b]) continue;
        const ofA = tf.sum(tf.mul(model.adapter.tensors[a]!, grads[a]), 0).dataSync();
        const ofB = tf.sum(tf.mul(model.adapter.tensors[b]!, grads[b]), 1).dataSync();
        for (const [i, value] of ofA.entries()) expect(ofB[i]).toBeCloseTo(value, 5);
        compared++;
      }
      expect(compared).toBeGreaterThan(0);
    });
    model.dispose();
  });
});

function tensorsOf(spec: AdapterSpec): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(initialTensors(spec, 1)).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]),
  );
}
