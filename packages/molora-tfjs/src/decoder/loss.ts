/** The loss of a language model: how well each token is predicted from those before it. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { createRouterLoss, type RouterLossRequest } from '../experts/losses/index.js';
import { likeLoss, type RouterLoss } from '../experts/losses/router-loss.js';
import { takesAllTokens } from '../ops/dispatch.js';
import { headLoss } from '../ops/head-loss.js';
import { positionsWhere, selectRows } from '../ops/select-rows.js';
import { tidied } from '../ops/tidied.js';
import type { TokenBatch } from '../training/trainable.js';
import type { Decoder } from './decoder.js';
import { type AdapterOptions, type HiddenStatesOptions, hiddenStates } from './forward.js';
import { checkTokens } from './vocabulary.js';

export interface LanguageModelLossOptions
  extends AdapterOptions,
    Pick<HiddenStatesOptions, 'recompute' | 'embedded'> {
  /** Auxiliary loss of the routers over all tokens that are no padding. @default none */
  readonly routerLoss?: RouterLossRequest;
}

export interface LanguageModelLoss {
  /** Mean cross-entropy in nats over the weighted targets; 0 when there is none. */
  readonly loss: tf.Scalar;
  /** The routers' loss, not contained in `loss`. */
  readonly auxiliary?: tf.Scalar;
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary, the adapter does not fit
 *   the model, or a router's loss is asked for that the backend cannot compute
 */
export function languageModelLoss(
  decoder: Decoder,
  batch: TokenBatch,
  { routerLoss, ...options }: LanguageModelLossOptions = {},
): LanguageModelLoss {
  checkTokens(batch.ids, decoder.config.vocabularySize);
  return tidied(() => {
    const ids = tf.tensor2d(batch.ids, [batch.rows, batch.length], 'int32');
    const { hidden, auxiliary } = hiddenStates(decoder, ids, {
      ...options,
      ...(routerLoss && { routerLoss: withoutPadding(createRouterLoss(routerLoss), batch) }),
    });
    const loss = headLoss(...countedTargets(hidden, decoder, batch));
    return { loss, ...(auxiliary && { auxiliary }) };
  });
}

/** Tokens that only fill up rows have no say in how routers are balanced. */
function withoutPadding(loss: RouterLoss, { rows, length, lengths }: TokenBatch): RouterLoss {
  const isReal = (position: number): boolean =>
    position % length < lengths[Math.floor(position / length)]!;
  const all = positionsWhere(rows * length, isReal);
  return likeLoss(loss, (routings) => {
    const counted = routings.flatMap(({ logits, probabilities, gates, tokens }) => {
      if (tokens && takesAllTokens()) throw uncounted();
      const real = tokens ? positionsWhere(tokens.length, (i) => isReal(tokens[i]!)) : all;
      if (real.length === 0) return [];
      return {
        logits: selectRows(logits, real),
        probabilities: selectRows(probabilities, real),
        gates: selectRows(gates, real),
      };
    });
    // Of a mixture, the adapted experts may have taken nothing but padding.
    return counted.length === 0 ? tf.scalar(0) : loss(counted);
  });
}

function uncounted(): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `the loss of routers at the experts of a mixture counts the tokens that each of those took, which ${tf.getBackend()} cannot read in time: train without it, leave these experts out of the adapter, or take another backend`,
  );
}

/**
 * The positions that predict something, by position instead of by token: the output layer of a large
 * vocabulary is dear, and prompts and padding do not need it.
 */
function countedTargets(
  hidden: tf.Tensor2D,
  decoder: Decoder,
  { ids, weights, rows, length }: TokenBatch,
): Parameters<typeof headLoss> {
  const counted = positionsWhere(
    rows * length,
    (position) => (position + 1) % length !== 0 && weights[position + 1] !== 0,
  );
  // Tensors without rows are a trap in themselves: where nothing counts, one position does with weight 0.
  const none = counted.length === 0;
  const positions = none ? Int32Array.of(0) : counted;
  return [
    selectRows(hidden, positions),
    decoder.output,
    {
      ids: positions.map((position) => ids[position + 1] ?? 0),
      weights: Float32Array.from(positions, (position) => (none ? 0 : weights[position + 1]!)),
    },
    decoder.config.logitCap,
  ];
}
