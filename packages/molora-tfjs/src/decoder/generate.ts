/**
 * Continues prompts token by token. Keys and values of the tokens so far are kept, so that each step
 * computes one position; prompts of unequal length share a batch, padded at the front, since
 * rotations tell apart distances only.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { checkFinite } from '../ops/check-finite.js';
import { readTensor } from '../ops/webgpu.js';
import type { DecoderConfig } from './config.js';
import type { Decoder } from './decoder.js';
import { type AdapterOptions, hiddenStates, type KeyValueCache, outputLogits } from './forward.js';
import { checkSampling, type SamplingOptions, sampleToken } from './sample.js';
import { checkTokens } from './vocabulary.js';

export interface GenerateOptions
  extends Pick<AdapterOptions, 'adapter' | 'router' | 'task'>,
    SamplingOptions {
  /** Most tokens to add to each prompt; fewer where it takes the model's positions. @default 128 */
  maxTokens?: number;
  /** Tokens that end a text, and are not part of it. @default the model's */
  endTokens?: readonly number[];
  /** Of the draws; each row of a batch has its own. @default 0 */
  seed?: number;
  /** Called with each new token of each row; e.g. to show text as it grows. */
  onToken?: (token: number, row: number) => void;
  /** Ends the generation with its reason. */
  signal?: AbortSignal;
}

/**
 * @param prompts tokens of each, at least one
 * @returns the tokens that follow each prompt
 * @throws AlphaLoraError `INVALID_OPTION` for an empty prompt, one that leaves no position, a token that is not in the vocabulary
 *   or sampling out of range; `ENGINE_FAILED` when logits are not finite; what the signal was aborted with
 */
export async function generate(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
): Promise<number[][]> {
  const { maxTokens = 128, endTokens = decoder.config.endTokens, seed = 0 } = options;
  checkSampling(options);
  for (const [row, prompt] of prompts.entries()) checkPrompt(decoder, prompt, row);
  const longest = Math.max(0, ...prompts.map(({ length }) => length));
  // Padding takes no positions: what counts is how far tokens are from one another.
  const most = prompts.map(({ length }) =>
    Math.min(maxTokens, decoder.config.maxPositions - length),
  );
  const texts = prompts.map((): number[] => []);
  const random = prompts.map((_, row) => seededRandom(seed, `row ${row}`));
  const open = new Set([...prompts.keys()].filter((row) => most[row]! > 0));
  const padding = prompts.map(({ length }) => longest - length);
  let next = prompts.map((prompt, row) => [...new Array<number>(padding[row]!).fill(0), ...prompt]);
  let cache: KeyValueCache | undefined;
  try {
    while (open.size > 0) {
      options.signal?.throwIfAborted();
      if (cache && switchesPositions(decoder.config, cache.length)) {
        const { length } = cache;
        disposeCache(cache);
        cache = undefined;
        next = prompts.map((prompt, row) => {
          const tokens = [...new Array<number>(padding[row]!).fill(0), ...prompt, ...texts[row]!];
          // Of rows that have ended, nothing is looked at.
          return [...tokens, ...new Array<number>(length + 1 - tokens.length).fill(0)];
        });
      }
      const result = nextLogits(decoder, next, cache, padding, options);
      disposeCache(cache);
      cache = result.cache;
      const logits = await readTensor(result.logits).finally(() => result.logits.dispose());
      const size = logits.length / prompts.length;
      next = prompts.map((_, row) => {
        // Rows that have ended stay in the batch; what they continue with is not looked at.
        if (!open.has(row)) return [0];
        const scores = logits.subarray(row * size, (row + 1) * size);
        checkFinite(scores, 'the logits of the next token');
        const token = sampleToken(scores, options, random[row]!);
        if (endTokens.includes(token)) {
          open.delete(row);
        } else {
          texts[row]!.push(token);
          options.onToken?.(token, row);
          if (texts[row]!.length === most[row]) open.delete(row);
        }
        return [token];
      });
    }
  } finally {
    disposeCache(cache);
  }
  return texts;
}

/** Whether the next token is the first for which all keys are rotated otherwise than so far. */
function switchesPositions({ blocks }: DecoderConfig, length: number): boolean {
  return blocks.some(
    ({ rope }) => rope?.scaling?.type === 'longrope' && rope.scaling.originalPositions === length,
  );
}

function checkPrompt(decoder: Decoder, prompt: readonly number[], row: number): void {
  checkTokens(prompt, decoder.config.vocabularySize);
  const { maxPositions } = decoder.config;
  const problem =
    prompt.length === 0
      ? "is empty; start with a token, such as the model's begin token"
      : prompt.length >= maxPositions
        ? `has ${prompt.length} tokens, and the model ${maxPositions} positions: none is left for a token to follow; shorten the prompt`
        : undefined;
  if (problem) throw new AlphaLoraError('INVALID_OPTION', `prompt ${row} ${problem}`);
}

/** Logits after the last token, [batch, vocabulary]; what is returned is the caller's to free. */
function nextLogits(
  decoder: Decoder,
  rows: readonly (readonly number[])[],
  cache: KeyValueCache | undefined,
  padding: readonly number[],
  { adapter, router, task = 0 }: AdapterOptions,
): { logits: tf.Tensor2D; cache: KeyValueCache } {
  const result = tf.tidy(() => {
    const [batch, length] = [rows.length, rows[0]!.length];
    const states = hiddenStates(decoder, tf.tensor2d(rows.flat(), [batch, length], 'int32'), {
      task,
      cache,
      ...(padding.some((count) => count > 0) && { padding }),
      ...(adapter && { adapter }),
      ...(router && { router }),
    });
    const last = states.hidden
      .reshape([batch, length, -1])
      .slice([0, length - 1, 0], [batch, 1, -1])
      .reshape<tf.Tensor2D>([batch, -1]);
    const { blocks } = states.cache;
    return [
      outputLogits(decoder, last),
      ...blocks.map(({ keys }) => keys),
      ...blocks.map(({ values }) => values),
    ];
  });
  const [logits, ...kept] = result as [tf.Tensor2D, ...tf.Tensor3D[]];
  const half = kept.length / 2;
  return {
    logits,
    cache: {
      length: (cache?.length ?? 0) + rows[0]!.length,
      blocks: kept.slice(0, half).map((keys, i) => ({ keys, values: kept[half + i]! })),
    },
  };
}

function disposeCache(cache: KeyValueCache | undefined): void {
  tf.dispose(cache?.blocks.flatMap(({ keys, values }) => [keys, values]) ?? []);
}
