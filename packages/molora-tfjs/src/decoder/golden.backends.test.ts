/** Real checkpoints against the float64 reference. */
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadModel, type Model } from '../node/load.js';
import { useBackend } from '../test-support/backend.js';
import { goldenLogits } from '../test-support/reference.js';
import { logits } from './forward.js';
import { generate } from './generate.js';
import { languageModelLoss } from './loss.js';

describeUnless(sharedLacks('data'), 'real checkpoints', () => {
  const cases = goldenLogits();
  describe.each(['stories260K', 'babyllama-tok361'])('%s', (checkpoint) => {
    let model: Model;
    beforeAll(async () => {
      await useBackend(inject('backend'));
      model = await loadModel(shared(`data/${checkpoint}`));
    });
    afterAll(() => model.decoder.dispose());
    const own = cases.filter((item) => item.checkpoint === checkpoint);

    it('has texts to compare', () => expect(own.length).toBeGreaterThan(0));

    it.each(own)(
      'gives the reference logits and loss of "$text"',
      ({ text, ids, nll, logits: expected }) => {
        expect(model.tokenizer!.encode(text)).toEqual(ids);
        const before = tf.memory().numTensors;
        const values = tf.tidy(() => {
          const result = logits(model.decoder, tf.tensor2d([ids], [1, ids.length], 'int32')).logits;
          return result.arraySync()[0]!.at(-1)!;
        });
        expect(values.length).toBe(expected.length);
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value - expected[i]!), `logit ${i}`).toBeLessThan(1e-3);
        }
        const loss = tf.tidy(
          () =>
            languageModelLoss(model.decoder, {
              ids: Int32Array.from(ids),
              weights: new Float32Array(ids.length).fill(1),
              rows: 1,
              length: ids.length,
              lengths: [ids.length],
            }).loss.dataSync()[0]!,
        );
        expect(Math.abs(loss - nll)).toBeLessThan(1e-4);
        expect(tf.memory().numTensors).toBe(before);
      },
    );

    it('generates with its cache what it generates without', async () => {
      const { decoder, tokenizer } = model;
      const prompts = own.map(({ ids }) => ids.slice(0, 9)).concat([own[1]!.ids.slice(0, 4)]);
      const before = tf.memory().numTensors;
      const cached = await generate(decoder, prompts, { maxTokens: 8, endTokens: [] });
      expect(tf.memory().numTensors).toBe(before);
      for (const [row, prompt] of prompts.entries()) {
        const text = [...prompt];
        for (let step = 0; step < 8; step++) {
          const next = tf.tidy(() => {
            const ids = tf.tensor2d([text], [1, text.length], 'int32');
            return logits(decoder, ids).logits.argMax(-1).dataSync().at(-1)!;
          });
          text.push(next);
        }
        expect(cached[row]).toEqual(text.slice(prompt.length));
      }
      expect(tokenizer!.decode([...prompts[0]!, ...cached[0]!])).toMatch(/^Once upon/);
    });
  });
});
