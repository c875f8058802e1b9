/** From texts to vectors. */

import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { Tokenizer } from '../decoder/tokenizer/tokenizer.js';
import { checkTokens } from '../decoder/vocabulary.js';
import { checkFinite } from '../ops/check-finite.js';
import { prepareBackend } from '../ops/prepare-backend.js';
import { readTensor } from '../ops/webgpu.js';
import type { EmbeddingSettings } from './embedding-settings.js';
import type { Encoder } from './encoder.js';
import { encoderStates } from './forward.js';
import { pooled } from './pooling.js';

/** A model that makes vectors of texts. */
export interface EmbeddingModel {
  readonly encoder: Encoder;
  readonly tokenizer: Tokenizer;
  readonly settings: EmbeddingSettings;
  /** Frees all tensors. */
  dispose(): void;
}

export interface EmbedOptions {
  /** Texts at once. @default 32 */
  batchSize?: number;
  /** Ends the work between batches. */
  signal?: AbortSignal | undefined;
  /** Called with the texts that are done, and all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Embedding {
  /** [hidden size] */
  readonly vector: Float32Array;
  /** Of the text, special ones included, before any were cut. */
  readonly tokens: number;
}

/**
 * The vectors of texts, in their order. Texts of like length are computed together; the result does not
 * depend on what else there is to embed. Of a text that is longer than `settings.maxTokens`, only the
 * beginning counts, as in sentence-transformers.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for a batch size that is not a positive integer, `ENGINE_FAILED`
 *   when a vector is not finite; the reason of `signal`
 * @example const [a, b] = await embed(model, ['a cat', 'a dog']);
 */
export async function embed(
  model: EmbeddingModel,
  texts: readonly string[],
  { batchSize = 32, signal, onProgress }: EmbedOptions = {},
): Promise<Embedding[]> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new AlphaLoraError('INVALID_OPTION', `batchSize ${batchSize} is not a positive integer`);
  prepareBackend();
  const tokenized = texts.map((text) => tokensOf(model, text));
  for (const [i, { ids }] of tokenized.entries())
    checkTokens(ids, model.encoder.config.vocabularySize, ` of text ${i}`);
  const longestFirst = tokenized
    .map((_, index) => index)
    .sort((a, b) => tokenized[b]!.ids.length - tokenized[a]!.ids.length);
  const embeddings: Embedding[] = new Array(texts.length);
  for (let start = 0; start < longestFirst.length; start += batchSize) {
    signal?.throwIfAborted();
    const indices = longestFirst.slice(start, start + batchSize);
    const vectors = await vectorsOf(
      model,
      indices.map((index) => tokenized[index]!.ids),
    );
    for (const [row, index] of indices.entries())
      embeddings[index] = { vector: vectors[row]!, tokens: tokenized[index]!.tokens };
    onProgress?.(start + indices.length, texts.length);
  }
  return embeddings;
}

function tokensOf(
  { tokenizer, settings }: EmbeddingModel,
  text: string,
): { ids: number[]; tokens: number } {
  const { beginTokens, closingTokens } = tokenizer;
  const special = beginTokens.length + closingTokens.length;
  const own = tokenizer.encode(settings.prompt + text, { begin: false });
  const kept = own.slice(0, settings.maxTokens - special);
  const ids = [...beginTokens, ...kept, ...closingTokens];
  return { ids, tokens: own.length + special };
}

/** @param rows tokens of each text, at least one */
async function vectorsOf(
  { encoder, settings }: EmbeddingModel,
  rows: readonly number[][],
): Promise<Float32Array[]> {
  const lengths = rows.map((ids) => ids.length);
  const longest = Math.max(...lengths);
  const padded = new Int32Array(rows.length * longest);
  for (const [row, ids] of rows.entries()) padded.set(ids, row * longest);
  const vectors = tf.tidy(() => {
    const ids = tf.tensor2d(padded, [rows.length, longest], 'int32');
    return pooled(encoderStates(encoder, ids, lengths), lengths, settings);
  });
  const values = new Float32Array(await readTensor(vectors));
  vectors.dispose();
  checkFinite(values, 'the vector of a text');
  const { hiddenSize } = encoder.config;
  return rows.map((_, row) => values.slice(row * hiddenSize, (row + 1) * hiddenSize));
}
