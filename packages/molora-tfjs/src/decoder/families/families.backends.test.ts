/** Families against what transformers computed of the same weights, see test-support/golden-models.py. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { AdapterSpec } from '../../adapters/adapter-spec.js';
import { useBackend } from '../../test-support/backend.js';
import { goldenModels, loadGolden } from '../../test-support/golden-models.js';
import { gradientFault, type Named, sines } from '../../testing/gradients.js';
import { logits } from '../forward.js';
import { generate } from '../generate.js';
import { languageModelLoss } from '../loss.js';

beforeAll(() => useBackend(inject('backend')));

describe.each(goldenModels)('$config.model_type', (model) => {
  it('gives its logits, and its texts from prompts of unequal length', async () => {
    const before = tf.memory().numTensors;
    const decoder = await loadGolden(model);
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

  it('has the gradients of a LoRA on its first projection that differences show', async () => {
    const decoder = await loadGolden(model);
    const { name, inputs, outputs } = decoder.config.blocks[0]!.projections[0]!;
    const projection = { name, block: 0, role: 'first', inputs, outputs };
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
