/** What is refused before weights are read, and what is advised; the sizes are those of SmolLM2-135M. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { decoderConfig } from '../decoder/families/index.js';
import { useBackend } from '../test-support/backend.js';
import {
  checkMemory,
  largestMicroBatch,
  type MemoryRequest,
  withMemoryErrors,
} from './memory-check.js';

const config = decoderConfig({
  ...{ model_type: 'llama', hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
  ...{ num_attention_heads: 9, num_key_value_heads: 3, vocab_size: 49152 },
  ...{ max_position_embeddings: 2048, rms_norm_eps: 1e-5, tie_word_embeddings: true },
});
const spec: AdapterSpec = { projections: [], router: { name: 'top-k', options: {} }, dropout: 0 };
const request = (limit: number, recompute = false): MemoryRequest => ({
  ...{ config, spec, recompute, backend: 'wasm', limit },
  lengths: [128, 40],
});

beforeAll(() => useBackend('wasm'));

describe('memory of a run', () => {
  it('is at least that of the weights, and grows with the micro-batch', () => {
    // 134.5 million parameters of 4 bytes, and the embeddings once more.
    const least = 4 * (134.5e6 + 28.3e6);
    expect(() => checkMemory({ microBatchSize: 1 }, request(least))).toThrow(/at least 1\.0 GB/);
    expect(() => checkMemory({ microBatchSize: 1 }, request(1.1e9))).not.toThrow();
    expect(() => checkMemory({ microBatchSize: 16 }, request(2e9))).toThrow(AlphaLoraError);
  });

  it('names what would fit', () => {
    expect(() => checkMemory({ microBatchSize: 16 }, request(2.5e9))).toThrow(
      /needs at least 3\.\d GB of memory, and the backend wasm has 2\.5 GB: take recompute \(1\.\d GB\), or a micro-batch size of \d \(1\.\d GB\), or recompute with a micro-batch size of/,
    );
    expect(() => checkMemory({ microBatchSize: 16 }, request(2.5e9, true))).not.toThrow();
    expect(() => checkMemory({ microBatchSize: 1 }, request(1e8))).toThrow(
      /a smaller model or cutoff/,
    );
  });

  it('chooses the largest part of a batch that leaves room', () => {
    const sizes = [1e9, 2e9, 3e9, 16e9].map((limit) => largestMicroBatch(12, request(limit), 64e9));
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(largestMicroBatch(12, request(16e9), 1e9)).toBe(1);
    expect(sizes[0]).toBe(1);
    expect(sizes.at(-1)).toBe(12);
    for (const size of sizes) expect(12 % size).toBe(0);
  });

  it('tells of an abort of WebAssembly, and of nothing else', async () => {
    const { tensors } = await withMemoryErrors(async () => ({ tensors: tf.memory().numTensors }));
    expect(tensors).toBe(tf.memory().numTensors);
    const abort = new WebAssembly.RuntimeError('Aborted(). Build with -sASSERTIONS for more info.');
    await expect(withMemoryErrors(() => Promise.reject(abort))).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/no memory left.*micro-batch/),
    });
    const other = new TypeError('x is undefined');
    await expect(withMemoryErrors(() => Promise.reject(other))).rejects.toBe(other);
  });
});
