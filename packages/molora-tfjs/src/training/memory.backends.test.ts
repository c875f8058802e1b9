/** The estimate of a step's memory against the bytes of all tensors at its worst moment. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import type { DecoderConfig } from '../decoder/config.js';
import { loadDecoder } from '../decoder/decoder.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { useBackend } from '../test-support/backend.js';
import { countBytes } from '../test-support/count-bytes.js';
import { randomDecoder } from '../test-support/random-decoder.js';
import { adamW } from './adamw.js';
import { stepGradients } from './gradients.js';
import { trainingMemory } from './memory.js';

const shape = {
  hidden_size: 96,
  intermediate_size: 256,
  num_hidden_layers: 6,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 16,
  vocab_size: 500,
};

beforeAll(() => useBackend(inject('backend')));

describe('memory of a step', () => {
  it.each([
    { rows: 4, length: 32, experts: 4, recompute: false, tied: true },
    { rows: 2, length: 48, experts: 1, recompute: false, tied: false },
    { rows: 8, length: 48, experts: 4, recompute: true, tied: true },
    { rows: 1, length: 8, experts: 2, recompute: false, tied: true },
    { rows: 4, length: 32, experts: 4, recompute: false, tied: true, mixture: [8, 2] },
    { rows: 4, length: 32, experts: 1, recompute: false, tied: true, mixture: [8, 2] },
    {
      rows: 4,
      length: 32,
      experts: 1,
      recompute: false,
      tied: true,
      mixture: [8, 2],
      roles: ['q_proj'],
    },
    { rows: 2, length: 48, experts: 2, recompute: true, tied: false, mixture: [4, 1] },
  ])(
    'of $rows x $length tokens, recomputed: $recompute, experts of the model: $mixture',
    async (given) => {
      const { rows, length, experts, recompute, tied, mixture, roles } = given;
      const type = mixture
        ? { model_type: 'mixtral', num_local_experts: mixture[0], num_experts_per_tok: mixture[1] }
        : { model_type: 'llama' };
      const settings = { ...type, rms_norm_eps: 1e-5, tie_word_embeddings: tied };
      const { checkpoint } = await randomDecoder(settings, { shape });
      const batch = {
        ids: Int32Array.from({ length: rows * length }, (_, i) => (7 * i) % shape.vocab_size),
        weights: new Float32Array(rows * length).fill(1),
        lengths: new Array<number>(rows).fill(length),
        ...{ rows, length },
      };
      const counted = countBytes();
      const decoder = await loadDecoder(checkpoint);
      const spec = specOf(decoder.config, experts, roles);
      const adapted = adaptedModel(
        decoder,
        { spec, tensors: initialTensors(spec, 1) },
        { recompute },
      );
      const optimizer = adamW(adapted.trainable.variables, {
        ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      });
      for (let step = 0; step < 2; step++) {
        const { loss, gradients } = stepGradients(adapted.trainable, [batch], [1]);
        optimizer.apply(gradients, 1e-3);
        tf.dispose([loss, gradients]);
      }
      const most = counted.stop();
      const backend = tf.getBackend();
      const estimate = trainingMemory(decoder.config, spec, { rows, length, recompute, backend });
      optimizer.dispose();
      adapted.dispose();
      decoder.dispose();
      expect(estimate / most).toBeGreaterThan(0.9);
      expect(estimate / most).toBeLessThan(1.3);
    },
  );
});

function specOf({ blocks }: DecoderConfig, experts: number, roles?: string[]): AdapterSpec {
  const projections = blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }) => {
      return {
        ...{ name, block, role, inputs, outputs },
        ...{ ranks: new Array<number>(experts).fill(4), topK: 1 },
        scalings: new Array<number>(experts).fill(2),
      };
    }),
  );
  const chosen = projections.filter(({ role }) => roles?.includes(role) ?? true);
  return { projections: chosen, router: { name: 'top-k', options: {} }, dropout: 0.05 };
}
