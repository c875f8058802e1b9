/** Compares a decoder with the model of transformers that it was made of. */
import type { Checkpoint } from '@alphalora/checkpoint';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { AdaptedProjection, TensorValues } from '../adapters/adapter-spec.js';
import { adapterSpec } from '../adapters/allocation.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { loadDecoder } from '../decoder/decoder.js';
import { logits } from '../decoder/forward.js';
import { generate } from '../decoder/generate.js';
import type { TinyModelResult } from './tiny-models.js';

const RANK = 2;

/**
 * Logits of prompts that are padded at the end, and continuations of prompts that are padded in front.
 *
 * @param alone no batches: where the longest text decides on the positions of all
 */
export async function checkLogits(
  checkpoint: Checkpoint,
  { prompts, logits: expected, greedy }: TinyModelResult,
  alone = false,
): Promise<void> {
  const before = tf.memory().numTensors;
  const decoder = await loadDecoder(checkpoint);
  const options = { maxTokens: greedy[0]!.length, endTokens: [] };
  const all = [...prompts.keys()];
  for (const batch of alone ? all.map((row) => [row]) : [all]) {
    const texts = batch.map((row) => prompts[row]!);
    const longest = Math.max(...texts.map(({ length }) => length));
    const rows = texts.map((ids) => [...ids, ...new Array<number>(longest - ids.length).fill(0)]);
    const found = tf.tidy(() => {
      return logits(decoder, tf.tensor2d(rows, undefined, 'int32')).logits.arraySync();
    });
    for (const [i, row] of batch.entries()) {
      const own = found[i]!.slice(0, texts[i]!.length).flat();
      expect(own).toHaveLength(expected[row]!.length);
      const differences = own.map((x, at) => Math.abs(x - expected[row]![at]!));
      expect(differences.reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(1e-4);
    }
    expect(await generate(decoder, texts, options)).toEqual(batch.map((row) => greedy[row]));
  }
  decoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

/**
 * The loss and the gradients of a LoRA on every linear map of the blocks, which an allocation by blocks names as
 * the checkpoint does; with blocks that are recomputed and without.
 */
export async function checkGradients(
  checkpoint: Checkpoint,
  { prompts, loss, lora }: TinyModelResult,
): Promise<void> {
  const decoder = await loadDecoder(checkpoint);
  const count = decoder.blocks.length;
  const ones = new Array<number>(count).fill(1);
  const spec = adapterSpec({
    allocation: {
      ...{ schemaVersion: 1, kind: 'allocation' },
      policy: { name: 'by hand', version: '1', options: {} },
      budget: { unit: 'experts', total: count },
      blocks: ones.map((_, index) => ({ index, score: 1, experts: 1, topK: 1 })),
      ...{ experts: ones, topK: ones },
    },
    weights: checkpoint.tensors,
    ...{ rank: RANK, alpha: RANK, dropout: 0 },
  });
  const named = spec.projections.map(({ name }: AdaptedProjection) => name);
  expect(named.toSorted()).toEqual(Object.keys(lora).toSorted());
  expect(decoder.config.blocks.flatMap(({ projections }) => projections)).toHaveLength(
    named.length,
  );
  const tensors: Record<string, TensorValues> = {};
  for (const [name, { inputs, outputs, a, b }] of Object.entries(lora)) {
    tensors[`${name}.lora_A`] = { shape: [inputs, RANK], values: Float32Array.from(a) };
    tensors[`${name}.lora_B`] = { shape: [RANK, outputs], values: Float32Array.from(b) };
  }
  const [ids] = prompts as [number[]];
  const batch = {
    ...{ ids: Int32Array.from(ids), weights: new Float32Array(ids.length).fill(1) },
    ...{ rows: 1, length: ids.length, lengths: [ids.length] },
  };
  for (const recompute of [false, true]) {
    const model = adaptedModel(decoder, { spec, tensors }, { recompute });
    const { value, grads } = tf.variableGrads(
      () => model.trainable.loss(batch, { seed: 0, training: true }),
      model.trainable.variables as tf.Variable[],
    );
    expect(Math.abs(value.dataSync()[0]! - loss)).toBeLessThan(1e-5);
    for (const [name, { gradientA, gradientB }] of Object.entries(lora)) {
      for (const [part, expected] of Object.entries({ lora_A: gradientA, lora_B: gradientB })) {
        const own = grads[`${name}.${part}`]!.dataSync();
        const size = Math.hypot(...expected);
        const difference = Math.hypot(...expected.map((x, i) => x - own[i]!));
        expect(size, name).toBeGreaterThan(0);
        expect(difference / size, `${name}.${part}`).toBeLessThan(1e-3);
      }
    }
    tf.dispose([value, grads]);
    model.dispose();
  }
  decoder.dispose();
}
