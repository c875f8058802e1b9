/**
 * The output layer is a third of a step where few tokens count: it is computed for these alone, and what
 * completions begin with alike once.
 */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { initialTensors } from '../experts/initial-tensors.js';
import { useBackend } from '../test-support/backend.js';
import { countProducts } from '../test-support/count-products.js';
import { randomDecoder, smallShape } from '../test-support/random-decoder.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import { stepGradients } from '../training/gradients.js';
import { adaptedModel } from './adapted-model.js';
import { type Decoder, loadDecoder } from './decoder.js';
import { logits } from './forward.js';
import { generate } from './generate.js';
import { logLikelihoods } from './log-likelihoods.js';
import { languageModelLoss } from './loss.js';

const { vocab_size: vocabulary, intermediate_size: wide, num_hidden_layers: blocks } = smallShape;

let decoder: Decoder;
beforeAll(async () => {
  await useBackend(inject('backend'));
  const { checkpoint } = await randomDecoder({ model_type: 'llama', tie_word_embeddings: true });
  decoder = await loadDecoder(checkpoint);
});
afterAll(() => decoder.dispose());

/** Two rows of unequal length, of which 3 and 2 tokens count; the first of all counts for nothing. */
const sequences = [
  { ids: Int32Array.of(1, 5, 9, 2, 16, 3), weights: Float32Array.of(0, 0, 0, 1, 1, 1) },
  { ids: Int32Array.of(4, 8, 7, 2), weights: Float32Array.of(0, 0, 1, 1) },
];
const batch = {
  ids: Int32Array.of(1, 5, 9, 2, 16, 3, 4, 8, 7, 2, 0, 0),
  weights: Float32Array.of(0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0),
  rows: 2,
  length: 6,
  lengths: [6, 4],
};

describe('the output layer', () => {
  it('is computed for the 5 tokens that count of 12, in training', async () => {
    const projections = decoder.config.blocks.map((_, block) => ({
      name: `model.layers.${block}.self_attn.q_proj`,
      ...{ block, inputs: 12, outputs: 24, ranks: [2], scalings: [1], topK: 1 },
    }));
    const spec = { projections, router: { name: 'top-k', options: {} }, dropout: 0 };
    const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 1) });
    const work = await countProducts(() => {
      const { loss, gradients } = stepGradients(model.trainable, [batch], [1]);
      tf.dispose([loss, gradients]);
    });
    model.dispose();
    // Forward, and once more for the gradient.
    expect(work.rowsTo(vocabulary)).toBe(10);
    expect(work.rowsFrom(vocabulary)).toBe(5);
  });

  it('is computed for the 5 tokens that count of 12, in the loss of an evaluation', async () => {
    const work = await countProducts(() =>
      evaluateLoss({
        model: { variables: [], loss: (given) => languageModelLoss(decoder, given).loss },
        ...{ sequences, batchSize: 2 },
      }),
    );
    expect(work.rowsTo(vocabulary)).toBe(5);
  });

  it('is computed for one position a token that is generated', async () => {
    const work = await countProducts(() =>
      generate(decoder, [[1, 5, 9, 2, 16]], { maxTokens: 3, endTokens: [] }),
    );
    expect(work.rowsTo(vocabulary)).toBe(3);
  });
});

describe('completions', () => {
  const encode = (text: string): number[] =>
    [...text].map((letter) => 'abcdefghijklmnopq'.indexOf(letter));
  const prompt = 'bfjcqd';
  const completions = ['ae', 'akg', 'h'];

  it('share their prompt: it is computed once, and the output layer for their own tokens', async () => {
    const work = await countProducts(() =>
      logLikelihoods(decoder, { encode }, prompt, completions),
    );
    // Each block has two maps to the feed-forward layer: five tokens of the prompt once, then its last
    // with the first two of each completion, padded to the longest.
    expect(work.rowsTo(wide)).toBe(blocks * 2 * (5 + 3 * 4));
    expect(work.rowsTo(vocabulary)).toBe(6);
  });

  it('are as likely as the logits of each alone say', async () => {
    const found = await logLikelihoods(decoder, { encode }, prompt, completions);
    for (const [i, completion] of completions.entries()) {
      const ids = encode(prompt + completion);
      const all = tf.tidy(() => {
        const { logits: scores } = logits(decoder, tf.tensor2d([ids], undefined, 'int32'));
        return scores.arraySync()[0]!;
      });
      let expected = 0;
      for (let t = prompt.length; t < ids.length; t++) {
        const row = all[t - 1]!;
        expected += row[ids[t]!]! - Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
      }
      expect(found[i]).toBeCloseTo(expected, 4);
    }
  });

  it('are compared where there is no prompt, and where the model has too few positions', async () => {
    const alone = await logLikelihoods(decoder, { encode }, '', completions);
    expect(alone[2]).toBe(0);
    const { checkpoint } = await randomDecoder({
      ...{ model_type: 'llama', tie_word_embeddings: true, max_position_embeddings: 4 },
    });
    const short = await loadDecoder(checkpoint);
    const cut = await logLikelihoods(short, { encode }, prompt, completions);
    const same = await logLikelihoods(short, { encode }, 'cqd', ['h']);
    short.dispose();
    expect(cut[2]).toBeCloseTo(same[0]!, 4);
  });
});
