/** What model families do differently, against loops in float64. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { gelu, geluTanh } from '../test-support/gelu.js';
import { randomDecoder, smallShape } from '../test-support/random-decoder.js';
import { type ReferenceOptions, referenceLogits } from '../test-support/reference-decoder.js';
import { loadDecoder } from './decoder.js';
import { logits } from './forward.js';
import { generate } from './generate.js';

const ids = [1, 5, 9, 2, 16, 0, 3, 11, 7];

const silu = (x: number): number => x / (1 + Math.exp(-x));
const turns =
  (theta: number) =>
  (position: number, pair: number): number =>
    position / theta ** ((2 * pair) / smallShape.head_dim);

interface Family {
  name: string;
  settings: Record<string, unknown>;
  biases?: string[];
  reference: ReferenceOptions;
}

/** Llama 3.1's frequencies of a head of 6 with theta 100 and a context of 32 tokens, stretched 8 times. */
const llama3 = (position: number, pair: number): number => {
  const frequency = [1, 100 ** (-1 / 3), 100 ** (-2 / 3)][pair]!;
  const wavelength = (2 * Math.PI) / frequency;
  // Wavelengths 6.3, 29.2 and 135.4: below 32 / 4 kept, above 32 / 1 stretched, between blended.
  if (wavelength < 32 / 4) return position * frequency;
  if (wavelength > 32 / 1) return (position * frequency) / 8;
  const smooth = (32 / wavelength - 1) / (4 - 1);
  return position * ((1 - smooth) * (frequency / 8) + smooth * frequency);
};

const families: Family[] = [
  {
    name: 'Llama with biases, its own output layer and the positions of Llama 3.1',
    settings: {
      model_type: 'llama',
      attention_bias: true,
      mlp_bias: true,
      tie_word_embeddings: false,
      rms_norm_eps: 1e-5,
      rope_theta: 100,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 32,
      },
    },
    biases: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    reference: { activation: silu, angle: llama3 },
  },
  {
    name: 'Llama with linearly stretched positions and another activation',
    settings: {
      model_type: 'llama',
      tie_word_embeddings: true,
      rms_norm_eps: 1e-6,
      hidden_act: 'gelu',
      rope_scaling: { type: 'linear', factor: 4 },
    },
    reference: { activation: gelu, angle: (position, pair) => turns(10_000)(position / 4, pair) },
  },
  {
    name: 'Mistral with a window of 3',
    settings: {
      model_type: 'mistral',
      sliding_window: 3,
      tie_word_embeddings: false,
      rms_norm_eps: 1e-5,
      rope_theta: 1000,
    },
    reference: {
      activation: silu,
      angle: turns(1000),
      sees: (query, key) => query - key < 3,
    },
  },
  {
    name: 'Mixtral, of whose five experts two compute for each token',
    settings: {
      model_type: 'mixtral',
      num_local_experts: 5,
      num_experts_per_tok: 2,
      tie_word_embeddings: false,
      rms_norm_eps: 1e-5,
      rope_theta: 1000,
    },
    reference: { activation: silu, angle: turns(1000), perToken: 2 },
  },
  {
    name: 'Qwen2 with a window in its second block',
    settings: {
      model_type: 'qwen2',
      use_sliding_window: true,
      sliding_window: 2,
      max_window_layers: 1,
      tie_word_embeddings: true,
      rms_norm_eps: 1e-6,
      rope_parameters: { rope_type: 'default', rope_theta: 500 },
    },
    biases: ['q_proj', 'k_proj', 'v_proj'],
    reference: {
      activation: silu,
      angle: turns(500),
      sees: (query, key, block) => block < 1 || query - key < 2,
    },
  },
  {
    name: 'Gemma',
    settings: { model_type: 'gemma', hidden_act: 'gelu', rms_norm_eps: 1e-6 },
    reference: {
      activation: geluTanh,
      angle: turns(10_000),
      gain: (stored) => 1 + stored,
      embeddingScale: Math.sqrt(smallShape.hidden_size),
    },
  },
];

beforeAll(() => useBackend(inject('backend')));

describe.each(families)('$name', ({ settings, biases = [], reference }) => {
  it('gives the logits of loops over single numbers', async () => {
    const random = await randomDecoder(settings, { biases });
    const before = tf.memory().numTensors;
    const decoder = await loadDecoder(random.checkpoint);
    const expected = referenceLogits(random, ids, reference);
    // A second, shorter row, padded at the end.
    const values = tf.tidy(() => {
      const batch = tf.tensor2d([ids, [...ids.slice(0, 4), 0, 0, 0, 0, 0]], undefined, 'int32');
      return logits(decoder, batch).logits.arraySync();
    });
    for (const [row, length] of [ids.length, 4].entries()) {
      for (let position = 0; position < length; position++) {
        for (const [token, logit] of expected[position]!.entries()) {
          expect(Math.abs(values[row]![position]![token]! - logit)).toBeLessThan(1e-4);
        }
      }
    }
    // Greedy continuations of prompts of unequal length: with cache, window and padding in front.
    const prompts = [ids.slice(0, 5), ids.slice(0, 2)];
    const texts = await generate(decoder, prompts, { maxTokens: 6, endTokens: [] });
    for (const [row, prompt] of prompts.entries()) {
      const text = [...prompt];
      for (let step = 0; step < 6; step++) {
        const last = referenceLogits(random, text, reference).at(-1)!;
        text.push(last.indexOf(Math.max(...last)));
      }
      expect(texts[row]).toEqual(text.slice(prompt.length));
    }
    decoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
