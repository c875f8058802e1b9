/** Which checkpoints are encoders, by their names and settings. */
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import {
  encoderCheckpoint,
  encoderShape,
  randomEncoderWeights,
} from '../test-support/random-encoder.js';
import { encoderConfig } from './config.js';
import { encoderOf } from './encoder.js';

beforeAll(() => useBackend('cpu'));

/** With every name changed. */
function renamed(change: (name: string) => string) {
  return new Map([...randomEncoderWeights()].map(([name, tensor]) => [change(name), tensor]));
}
const one = { shape: [1], values: new Float32Array(1) };

describe('encoderConfig', () => {
  it.each([
    [{ model_type: 'roberta' }, 'UNSUPPORTED_CHECKPOINT', /roberta .* as an encoder.* bert/],
    [{ model_type: 'llama' }, 'UNSUPPORTED_CHECKPOINT', /llama/],
    [{ model_type: 'modernbert' }, 'UNSUPPORTED_CHECKPOINT', /modernbert/],
    [{ position_embedding_type: 'relative_key' }, 'UNSUPPORTED_CHECKPOINT', /relative_key/],
    [{ is_decoder: true }, 'UNSUPPORTED_CHECKPOINT', /is_decoder/],
    [{ add_cross_attention: true }, 'UNSUPPORTED_CHECKPOINT', /add_cross_attention/],
    [{ hidden_act: 'relu' }, 'UNSUPPORTED_CHECKPOINT', /relu/],
    [{ num_attention_heads: 5 }, 'INVALID_CHECKPOINT', /not a multiple of its 5 heads/],
    [{ hidden_size: -1 }, 'INVALID_CHECKPOINT', /hidden_size/],
    [{ layer_norm_eps: 'x' }, 'INVALID_CHECKPOINT', /layer_norm_eps/],
  ])('refuses %j', (change, code, message) => {
    expect(() => encoderConfig({ ...encoderShape, ...change })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('encoderOf', () => {
  it.each([
    ['as part of another model', (name: string) => `bert.${name}`],
    [
      'as TensorFlow names it',
      (name: string) =>
        name
          .replace('LayerNorm.weight', 'LayerNorm.gamma')
          .replace('LayerNorm.bias', 'LayerNorm.beta'),
    ],
  ])('finds it %s', async (_, change) => {
    const encoder = await encoderOf(await encoderCheckpoint(renamed(change)));
    const plain = await encoderOf(await encoderCheckpoint(randomEncoderWeights()));
    expect(encoder.norm.gain.arraySync()).toEqual(plain.norm.gain.arraySync());
    encoder.dispose();
    plain.dispose();
  });

  it('leaves the pooler and the heads of pretraining', async () => {
    const weights = renamed((name) => `bert.${name}`)
      .set('bert.pooler.dense.weight', one)
      .set('cls.predictions.bias', one)
      .set('bert.embeddings.position_ids', one);
    (await encoderOf(await encoderCheckpoint(weights))).dispose();
  });

  it.each([
    'encoder.layer.2.output.dense.weight',
    'encoder.layer.0.crossattention.self.query.weight',
    'classifier.weight',
  ])('refuses a tensor that it would not use: %s', async (name) => {
    const weights = randomEncoderWeights().set(name, one);
    await expect(encoderOf(await encoderCheckpoint(weights))).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringContaining(`a tensor ${name},`),
    });
  });

  it('names a tensor that is missing', async () => {
    const weights = randomEncoderWeights();
    weights.delete('encoder.layer.1.output.LayerNorm.bias');
    await expect(encoderOf(await encoderCheckpoint(weights))).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringContaining('encoder.layer.1.output.LayerNorm.bias'),
    });
  });
});
