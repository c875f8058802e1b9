import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { generate } from '../decoder/generate.js';
import { logLikelihoods } from '../decoder/log-likelihoods.js';
import { useBackend } from '../test-support/backend.js';
import { randomDecoder } from '../test-support/random-decoder.js';

beforeAll(() => useBackend('cpu'));

it('no text and no choice comes of logits that are no numbers', async () => {
  const { checkpoint } = await randomDecoder({ model_type: 'llama', tie_word_embeddings: true });
  const sound = await loadDecoder(checkpoint);
  const broken: Decoder = { ...sound, norm: { gain: tf.fill(sound.norm.gain.shape, Number.NaN) } };
  const encode = (text: string): number[] => [1, ...[...text].map(Number)];
  const likelihoods = (decoder: Decoder) => logLikelihoods(decoder, { encode }, '2', ['3', '45']);
  const { numTensors } = tf.memory();

  expect(await generate(sound, [[1, 2]], { maxTokens: 2, endTokens: [] })).toHaveLength(1);
  expect((await likelihoods(sound)).every((value) => value < 0)).toBe(true);
  const failed = expect.toSatisfy((error) => isAlphaLoraError(error, 'ENGINE_FAILED'));
  await expect(generate(broken, [[1, 2]], { maxTokens: 2 })).rejects.toEqual(failed);
  await expect(likelihoods(broken)).rejects.toEqual(failed);

  expect(tf.memory().numTensors).toBe(numTensors);
  broken.norm.gain.dispose();
  sound.dispose();
});
