/** The loss of a language model: how well each token is predicted from those before it. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { TokenBatch } from '../training/trainable.js';
import type { Decoder } from './decoder.js';
import { type AdapterOptions, type HiddenStatesOptions, hiddenStates } from './forward.js';
import { headLoss, type Targets } from './head-loss.js';

export interface LanguageModelLossOptions
  extends AdapterOptions,
    Pick<HiddenStatesOptions, 'recompute' | 'blockLoss'> {}

export interface LanguageModelLoss {
  /** Mean cross-entropy in nats over the weighted targets; 0 when there is none. */
  readonly loss: tf.Scalar;
  /** Sum of the routers' losses over the blocks, not contained in `loss`. */
  readonly auxiliary?: tf.Scalar;
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary or the adapter does
 *   not fit the model
 */
export function languageModelLoss(
  decoder: Decoder,
  batch: TokenBatch,
  options: LanguageModelLossOptions = {},
): LanguageModelLoss {
  checkTokens(decoder, batch.ids);
  return tf.tidy(() => {
    const ids = tf.tensor2d(batch.ids, [batch.rows, batch.length], 'int32');
    const { hidden, auxiliary } = hiddenStates(decoder, ids, options);
    const loss = headLoss(hidden, decoder.output, targetsOf(batch));
    return { loss, ...(auxiliary && { auxiliary }) } as unknown as tf.NamedTensorMap;
  }) as unknown as LanguageModelLoss;
}

/** Backends read beyond the end of the embeddings without a word. */
export function checkTokens({ config }: Decoder, ids: ArrayLike<number>): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (!(Number.isInteger(id) && id >= 0 && id < config.vocabularySize)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `token ${id} at position ${i} is not in the model's vocabulary of ${config.vocabularySize}: the text was encoded with another model's tokenizer`,
      );
    }
  }
}

/** By position instead of by token: each predicts the next, the last of a row nothing. */
function targetsOf({ ids, weights, rows, length }: TokenBatch): Targets {
  const targets = { ids: new Int32Array(ids.length), weights: new Float32Array(ids.length) };
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * length, (row + 1) * length];
    targets.ids.set(ids.subarray(start + 1, end), start);
    targets.weights.set(weights.subarray(start + 1, end), start);
  }
  return targets;
}
