/**
 * From tokens to hidden states: embeddings of words and positions, then blocks of attention to all tokens of a
 * text and a feed-forward layer, each added to what it took in and normalised after (Devlin et al.,
 * arXiv:1810.04805).
 */
import * as tf from '@tensorflow/tfjs';
import { activated } from '../ops/activation.js';
import { attention, paddingMask } from '../ops/attention.js';
import { frozenLinear } from '../ops/frozen-linear.js';
import { headsFirst, tokensFirst } from '../ops/heads.js';
import { layerNorm } from '../ops/layer-norm.js';
import { sum } from '../ops/sum.js';
import { tidied } from '../ops/tidied.js';
import type { Encoder, EncoderBlock, NormWeights } from './encoder.js';

/**
 * @param ids [batch, length], int32 and within the vocabulary
 * @param lengths of each row, the tokens that count, of which there is at least one; the others are padding
 * @returns [batch, length, hidden size]; those of padding mean nothing
 */
export function encoderStates(
  encoder: Encoder,
  ids: tf.Tensor2D,
  lengths: readonly number[],
): tf.Tensor3D {
  const { config, embeddings, positions, norm, blocks } = encoder;
  const [batch, length] = ids.shape;
  return tidied(() => {
    const mask = paddingMask(lengths, length);
    const normed = (x: tf.Tensor2D, { gain, bias }: NormWeights): tf.Tensor2D =>
      layerNorm(x, gain, bias, config.normEpsilon);
    const block = (x: tf.Tensor2D, weights: EncoderBlock): tf.Tensor2D => {
      const headSize = config.hiddenSize / config.heads;
      const heads = (map: EncoderBlock['query']): tf.Tensor3D =>
        headsFirst(frozenLinear(x, map), batch, headSize);
      const attended = attention({
        queries: heads(weights.query),
        keys: heads(weights.key),
        values: heads(weights.value),
        mask,
        batch,
        scale: headSize ** -0.5,
      });
      const output = frozenLinear(tokensFirst(attended, batch, config.heads), weights.attention);
      const between = normed(sum(x, output), weights.attentionNorm);
      const wide = activated(frozenLinear(between, weights.up), config.activation);
      return normed(sum(between, frozenLinear(wide, weights.down)), weights.feedForwardNorm);
    };
    const words = tf.gather(embeddings, ids).add(positions.slice([0, 0], [length, -1]));
    let hidden = normed(words.reshape<tf.Tensor2D>([batch * length, -1]), norm);
    for (const weights of blocks) hidden = tidied(() => block(hidden, weights));
    return hidden.reshape<tf.Tensor3D>([batch, length, -1]);
  });
}
