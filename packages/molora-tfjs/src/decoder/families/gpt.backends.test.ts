/** GPT-2 and GPT-NeoX against what transformers computed of the same weights, see test-support/gpt-models.py. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec } from '../../adapters/adapter-spec.js';
import { useBackend } from '../../test-support/backend.js';
import { encoderCheckpoint } from '../../test-support/random-encoder.js';
import { gradientFault, type Named, sines } from '../../testing/gradients.js';
import { loadDecoder } from '../decoder.js';
import { logits } from '../forward.js';
import { generate } from '../generate.js';
import { languageModelLoss } from '../loss.js';

interface Model {
  config: Record<string, unknown> & { model_type: string };
  prompts: number[][];
  texts: number[][];
  logits: number[];
  weights: Record<string, { shape: number[]; values: number[] }>;
}

const models: Model[] = JSON.parse(
  readFileSync(new URL('../../test-support/gpt-models.json', import.meta.url), 'utf8'),
);

beforeAll(() => useBackend(inject('backend')));

/** @param rename of tensors */
function load({ config, weights }: Model, rename = (name: string) => name) {
  const tensors = Object.entries(weights).map(
    ([name, { shape, values }]) =>
      [rename(name), { shape, values: Float32Array.from(values) }] as const,
  );
  return encoderCheckpoint(new Map(tensors), config).then(loadDecoder);
}

describe.each(models)('$config.model_type', (model) => {
  it('gives its logits, and its texts from prompts of unequal length', async () => {
    const before = tf.memory().numTensors;
    const decoder = await load(model);
    const found = tf.tidy(() => [
      ...logits(decoder, tf.tensor2d([model.prompts[0]!], undefined, 'int32')).logits.dataSync(),
    ]);
    expect(found.length).toBe(model.logits.length);
    for (const [i, value] of model.logits.entries())
      expect(Math.abs(found[i]! - value)).toBeLessThan(2e-5);
    // The second prompt is padded in front.
    const options = { maxTokens: 5, endTokens: [] };
    expect(await generate(decoder, model.prompts, options)).toEqual(model.texts);
    decoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the gradients of a LoRA on its fused projection that differences show', async () => {
    const decoder = await load(model);
    const { name, inputs, outputs } = decoder.config.blocks[0]!.projections[0]!;
    const projection = { name, block: 0, role: 'fused', inputs, outputs };
    const spec: AdapterSpec = {
      projections: [{ ...projection, ranks: [2], scalings: [1], topK: 1 }],
      router: { name: 'top-k', options: {} },
      dropout: 0,
    };
    const batch = {
      ...{ ids: Int32Array.of(1, 5, 9, 2, 16, 3, 4, 8), weights: new Float32Array(8).fill(1) },
      ...{ rows: 2, length: 4, lengths: [4, 4] },
    };
    const tensors = {
      [`${name}.lora_A`]: tf.tensor2d(sines(2 * inputs, 1), [inputs, 2]),
      [`${name}.lora_B`]: tf.tensor2d(sines(2 * outputs, 2), [2, outputs]),
    };
    const loss = (own: Named) =>
      languageModelLoss(decoder, batch, { adapter: { spec, tensors: own } }).loss;
    expect(gradientFault(loss, tensors)).toBeUndefined();
    tf.dispose(tensors);
    decoder.dispose();
  });
});

describe('GPT-2', () => {
  const [gpt2] = models as [Model];

  it('is found without the name of the whole model', async () => {
    const decoder = await load(gpt2, (name) => name.replace('transformer.', ''));
    expect(decoder.config.blocks[1]!.projections[0]!.name).toBe('h.1.attn.c_attn');
    expect(decoder.config.note).toMatch(/PEFT finds nothing/);
    const options = { maxTokens: 5, endTokens: [] };
    expect(await generate(decoder, gpt2.prompts, options)).toEqual(gpt2.texts);
    decoder.dispose();
  });

  it('has no position for a text that is too long, and says so', async () => {
    const decoder = await load(gpt2);
    const ids = tf.zeros<tf.Rank.R2>([2, 13], 'int32');
    expect(() => logits(decoder, ids)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: 'row 0 has 13 tokens, and the model 12 positions: shorten it',
      }),
    );
    decoder.dispose();
  });
});
