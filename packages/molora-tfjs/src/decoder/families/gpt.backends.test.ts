/** What GPT-2 alone has: files without the name of the whole model, and learned positions. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { goldenModels, loadGolden } from '../../test-support/golden-models.js';
import { logits } from '../forward.js';
import { generate } from '../generate.js';

beforeAll(() => useBackend(inject('backend')));

describe('GPT-2', () => {
  const gpt2 = goldenModels.find(({ config }) => config.model_type === 'gpt2')!;

  it('is found without the name of the whole model', async () => {
    const decoder = await loadGolden(gpt2, (name) => name.replace('transformer.', ''));
    expect(decoder.config.blocks[1]!.projections[0]!.name).toBe('h.1.attn.c_attn');
    expect(decoder.config.note).toMatch(/PEFT finds nothing/);
    const options = { maxTokens: 5, endTokens: [] };
    expect(await generate(decoder, gpt2.prompts, options)).toEqual(gpt2.texts);
    decoder.dispose();
  });

  it('has no position for a text that is too long, and says so', async () => {
    const decoder = await loadGolden(gpt2);
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
