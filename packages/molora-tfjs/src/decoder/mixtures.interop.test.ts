/**
 * Mixtures of experts against transformers: logits from every layout that checkpoints have, greedy texts, and
 * gradients of adapters on experts.
 */
import { join } from 'node:path';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdaptedProjection, AdapterState, TensorValues } from '../adapters/adapter-spec.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { loadModel } from '../node/load.js';
import { useBackend } from '../test-support/backend.js';
import { tokenBatch } from '../training/sequences.js';
import { adaptedModel } from './adapted-model.js';
import type { DecoderConfig } from './config.js';
import type { Decoder } from './decoder.js';
import { logits } from './forward.js';
import { generate } from './generate.js';

const program = `
import warnings
warnings.filterwarnings('ignore')
import torch, mixtures
torch.set_num_threads(1)
models = {}
def answer(case):
  folder = case['folder']
  if folder not in models: models[folder] = mixtures.write(case)
  model = models[folder]
  if 'adapter' in case: return mixtures.slopes(model, case['rows'], case['adapter'], case['scaling'])
  if 'routed' in case: return {'gates': mixtures.gates(model, case['routed'])}
  return {'logits': mixtures.logits(model, case['rows']), 'texts': mixtures.greedy(model, case['prompts'], 12)}
`;

interface Question {
  type: string;
  settings: Record<string, unknown>;
  folder: string;
  stacked?: string;
  gguf?: string;
  architecture: string;
  rows: number[][];
  prompts?: number[][];
  adapter?: Record<string, number[][]>;
  routed?: number[];
  scaling?: number;
}

interface Answer {
  logits: number[][][];
  texts: number[][];
  /** Of a row, by block that is a mixture, token and expert. */
  gates: number[][][];
  loss: number;
  gradients: Record<string, number[][]>;
}

type Format = 'folder' | 'stacked' | 'gguf';

interface Case {
  title: string;
  type: string;
  architecture: string;
  formats: readonly Format[];
  settings: Record<string, unknown>;
}

const cases: Case[] = [
  {
    title: 'Mixtral with a window',
    ...{ type: 'mixtral', architecture: 'llama', formats: ['folder', 'stacked'] },
    settings: { num_local_experts: 4, num_experts_per_tok: 2, sliding_window: 5 },
  },
  {
    title: 'Mixtral with one expert a token',
    ...{ type: 'mixtral', architecture: 'llama', formats: ['folder', 'gguf'] },
    settings: { num_local_experts: 3, num_experts_per_tok: 1 },
  },
  {
    title: 'Qwen3-MoE',
    ...{ type: 'qwen3_moe', architecture: 'qwen3moe', formats: ['folder', 'stacked', 'gguf'] },
    settings: { num_experts: 6, num_experts_per_tok: 3, norm_topk_prob: true, head_dim: 8 },
  },
  {
    title: 'Qwen3-MoE with blocks of one feed-forward layer among the others',
    ...{ type: 'qwen3_moe', architecture: 'qwen3moe', formats: ['folder', 'stacked'] },
    settings: {
      num_experts: 4,
      num_experts_per_tok: 2,
      mlp_only_layers: [1],
      attention_bias: true,
    },
  },
  {
    title: 'Qwen3-MoE with every second block a mixture',
    ...{ type: 'qwen3_moe', architecture: 'qwen3moe', formats: ['folder'] },
    settings: { num_experts: 4, num_experts_per_tok: 4, decoder_sparse_step: 2 },
  },
  {
    title: 'OLMoE',
    ...{ type: 'olmoe', architecture: 'olmoe', formats: ['folder', 'stacked', 'gguf'] },
    settings: { num_experts: 5, num_experts_per_tok: 2 },
  },
  {
    title: 'OLMoE with gates that sum to one',
    ...{ type: 'olmoe', architecture: 'olmoe', formats: ['folder'] },
    settings: { num_experts: 4, num_experts_per_tok: 2, norm_topk_prob: true },
  },
];

const rows = [
  [1, 5, 9, 2, 16, 3, 30, 8, 7, 21, 39, 4],
  [3, 3, 11, 28, 6],
];
const prompts = [[1, 5, 9, 2, 16, 3], [7], [30, 12, 4]];

const root = temporaryFolder('mixtures');
const lack = pythonLacks('torch', 'transformers>=5', 'safetensors', 'gguf', 'numpy');

describeUnless(lack, 'mixtures of transformers', () => {
  const ask = startPython<Question, Answer>(program, {
    env: { PYTHONPATH: new URL('../test-support', import.meta.url).pathname },
  });
  beforeAll(() => useBackend('wasm'));

  describe.each(cases)('$title', ({ title, type, architecture, formats, settings }) => {
    const place = join(root, title.replaceAll(' ', '-'));
    const files = { folder: place, stacked: `${place}-stacked`, gguf: `${place}.gguf` };
    const own = { intermediate_size: 20, moe_intermediate_size: 12, ...settings };
    const question: Question = {
      ...{ type, architecture, rows, prompts, settings: own, folder: place },
      ...pick(files, formats),
    };

    it.each(formats)('computes what transformers does: %s', async (format) => {
      const answer = await ask(question);
      const { decoder } = await loadModel(files[format]);
      for (const [row, expected] of answer.logits.entries()) {
        const found = logitsOf(decoder, rows)[row]!.slice(0, rows[row]!.length);
        expect(largestDifference(found, expected)).toBeLessThan(1e-4);
      }
      expect(await generate(decoder, prompts, { maxTokens: 12 })).toEqual(answer.texts);
      decoder.dispose();
    });

    it('tells the gates of transformers', async () => {
      await ask(question);
      const { prompts: _, ...asked } = question;
      const { gates } = await ask({ ...asked, routed: rows[0]! });
      const { decoder } = await loadModel(files.folder);
      const told: number[][][] = [];
      // B is zero, so that the adapter changes nothing.
      const { adapter, dispose } = adaptedModel(decoder, {
        spec: adapterOn(decoder.config).spec,
        tensors: initialTensors(adapterOn(decoder.config).spec, 1),
      });
      tf.tidy(() => {
        const onGates = (_: string, found: tf.Tensor2D): void => void told.push(found.arraySync());
        logits(decoder, tf.tensor2d([rows[0]!], undefined, 'int32'), { adapter, onGates });
      });
      dispose();
      decoder.dispose();
      expect(told).toHaveLength(gates.length);
      for (const [block, expected] of gates.entries())
        expect(largestDifference(told[block]!, expected)).toBeLessThan(1e-5);
    });

    it('has the gradients of torch in adapters on experts and on attention', async () => {
      await ask(question);
      const { decoder } = await loadModel(files.folder);
      const state = adapterOn(decoder.config);
      const adapter = Object.fromEntries(
        Object.entries(state.tensors).map(([name, tensor]) => [name, nested(tensor)]),
      );
      const { prompts: _, ...asked } = question;
      const answer = await ask({ ...asked, adapter, scaling: 2 });
      for (const recompute of [false, true]) {
        const model = adaptedModel(decoder, state, { recompute });
        const { loss, gradients } = step(model);
        model.dispose();
        expect(Math.abs(loss - answer.loss)).toBeLessThan(1e-4);
        for (const [name, expected] of Object.entries(answer.gradients)) {
          const found = gradients[name] ?? expected.map((row) => row.map(() => 0));
          expect(largestDifference(found, expected), name).toBeLessThan(1e-4);
        }
        const moved = Object.keys(gradients).filter((name) => name.includes('experts'));
        expect(moved.length).toBeGreaterThan(0);
      }
      decoder.dispose();
    });
  });
});

function pick(files: Record<Format, string>, formats: readonly Format[]) {
  return Object.fromEntries(formats.map((format) => [format, files[format]]));
}

function logitsOf(decoder: Decoder, rows: readonly number[][]): number[][][] {
  const { ids, rows: count, length } = batchOf(rows);
  return tf.tidy(() =>
    logits(decoder, tf.tensor2d(ids, [count, length], 'int32')).logits.arraySync(),
  );
}

function batchOf(rows: readonly number[][]) {
  return tokenBatch(
    rows.map((row) => ({
      ids: Int32Array.from(row),
      weights: new Float32Array(row.length).fill(1),
    })),
  );
}

/** One LoRA at all projections, the experts among them, of numbers that are none of them zero. */
function adapterOn({ blocks }: DecoderConfig): AdapterState {
  const projections = blocks.flatMap((own, block) =>
    own.projections.map(
      ({ name, role, inputs, outputs }): AdaptedProjection => ({
        ...{ name, block, role, inputs, outputs, topK: 1 },
        ...{ ranks: [2], scalings: [2] },
      }),
    ),
  );
  const tensors: Record<string, TensorValues> = {};
  for (const { name, inputs, outputs } of projections) {
    const fill = (factor: string, shape: [number, number]): void => {
      const random = seededRandom(1, `${name}.${factor}`);
      const values = Float32Array.from({ length: shape[0] * shape[1] }, () => 0.2 * random() - 0.1);
      tensors[`${name}.${factor}`] = { shape, values };
    };
    fill('lora_A', [inputs, 2]);
    fill('lora_B', [2, outputs]);
  }
  return {
    spec: { projections, router: { name: 'top-k', options: {} }, dropout: 0 },
    tensors,
  };
}

function step({ trainable }: ReturnType<typeof adaptedModel>) {
  const { value, grads } = tf.variableGrads(
    () => trainable.loss(batchOf(rows), { seed: 1, training: true }),
    [...trainable.variables],
  );
  const gradients = Object.fromEntries(
    Object.entries(grads).map(([name, gradient]) => [name, gradient.arraySync() as number[][]]),
  );
  const loss = value.dataSync()[0]!;
  tf.dispose([value, grads]);
  return { loss, gradients };
}

function nested({ shape, values }: TensorValues): number[][] {
  const [count, width] = shape as [number, number];
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
}

function largestDifference(found: number[][], expected: number[][]): number {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  return Math.max(
    ...found.map((row, i) =>
      Math.max(...row.map((value, j) => Math.abs(value - expected[i]![j]!))),
    ),
  );
}
