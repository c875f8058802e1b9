/**
 * How likely a model finds texts after a prompt: the sum of the log-probabilities of their tokens,
 * all in one batch. What the texts begin with alike, such as the prompt, is computed once, and the
 * output layer for their own tokens alone. A prompt that is too long for the model loses its beginning.
 */
import * as tf from '@tensorflow/tfjs';
import { checkFinite } from '../ops/check-finite.js';
import { headLoss } from '../ops/head-loss.js';
import { positionsWhere, selectRows } from '../ops/select-rows.js';
import { readTensor } from '../ops/webgpu.js';
import { encodeExamples, type TokenSequence, tokenBatch } from '../training/sequences.js';
import type { Decoder } from './decoder.js';
import { type AdapterOptions, hiddenStates, type KeyValueCache } from './forward.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import { checkTokens } from './vocabulary.js';

/**
 * @returns of each completion in nats, 0 for one without a token of its own
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary or the adapter does
 *   not fit the model; `ENGINE_FAILED` when a likelihood is not finite
 */
export async function logLikelihoods(
  decoder: Decoder,
  tokenizer: Pick<Tokenizer, 'encode'>,
  prompt: string,
  completions: readonly string[],
  options: Pick<AdapterOptions, 'adapter' | 'router' | 'task'> = {},
): Promise<number[]> {
  const { maxPositions: longest } = decoder.config;
  const settings = { encode: (text: string) => tokenizer.encode(text), maxLength: 2 ** 31 };
  const encoded = completions.map(
    (completion) => encodeExamples([{ prompt, completion }], settings).sequences[0],
  );
  const sequences = encoded.filter((sequence) => sequence !== undefined);
  if (sequences.length === 0) return completions.map(() => 0);
  const kept = sequences.map(({ ids, weights }) => ({
    ids: ids.subarray(Math.max(0, ids.length - longest)),
    weights: weights.subarray(Math.max(0, weights.length - longest)),
  }));
  for (const { ids } of kept) checkTokens(ids, decoder.config.vocabularySize);
  const sums = tf.tidy(() => {
    const shared = sharedTokens(kept);
    const rest = kept.map(({ ids, weights }) => ({
      ids: ids.subarray(shared),
      weights: weights.subarray(shared),
    }));
    const batch = tokenBatch(rest);
    const { hidden } = hiddenStates(decoder, matrix(batch.ids, batch.rows), {
      ...options,
      cache:
        shared > 0
          ? cacheOf(decoder, kept[0]!.ids.subarray(0, shared), batch.rows, options)
          : undefined,
    });
    const sums = rest.map(({ ids, weights }, row) => {
      // Position t predicts token t + 1; prompts and padding are predicted by none that counts.
      const counted = positionsWhere(ids.length - 1, (t) => weights[t + 1] !== 0);
      const targets = {
        ids: counted.map((t) => ids[t + 1]!),
        weights: Float32Array.from(counted, (t) => weights[t + 1]!),
      };
      const count = targets.weights.reduce((sum, weight) => sum + weight, 0);
      const part = selectRows(
        hidden,
        counted.map((t) => row * batch.length + t),
      );
      return headLoss(part, decoder.output, targets, decoder.config.logitCap).mul<tf.Scalar>(
        -count,
      );
    });
    return tf.stack(sums);
  });
  const values = await readTensor(sums).finally(() => sums.dispose());
  checkFinite(values, 'the likelihood of a completion');
  let at = 0;
  return encoded.map((sequence) => (sequence ? values[at++]! : 0));
}

/** How many tokens all begin with alike, of those before the first that predicts a token that counts. */
function sharedTokens(sequences: readonly TokenSequence[]): number {
  const [first] = sequences;
  const most = Math.min(
    ...sequences.map(({ weights }) => weights.findIndex((weight) => weight !== 0) - 1),
  );
  let shared = 0;
  while (shared < most && sequences.every(({ ids }) => ids[shared] === first!.ids[shared]))
    shared++;
  return shared;
}

/** Keys and values of tokens, as if each of the rows began with them. */
function cacheOf(
  decoder: Decoder,
  ids: Int32Array,
  rows: number,
  options: AdapterOptions,
): KeyValueCache {
  const { cache } = hiddenStates(decoder, matrix(ids, 1), options);
  const repeated = (x: tf.Tensor3D): tf.Tensor3D => tf.tile(x, [rows, 1, 1]);
  return {
    ...cache,
    blocks: cache.blocks.map(({ keys, values }) => ({
      keys: repeated(keys),
      values: repeated(values),
    })),
  };
}

function matrix(ids: Int32Array, rows: number): tf.Tensor2D {
  return tf.tensor2d(ids, [rows, ids.length / rows], 'int32');
}
