/**
 * From text to batches: tokens with the weight that each has as a target.
 *
 * Prompt and completion are tokenised together, because tokens may join across their border and
 * SentencePiece marks the beginning of a text. The prompt is what its own tokens and the joint ones
 * have in common from the start; a token that reaches over the border belongs to the completion.
 */
import type { Example } from '@alphalora/contracts/extensions';
import type { TokenBatch } from './trainable.js';

export interface TokenSequence {
  readonly ids: Int32Array;
  /** Weight of each token as a target; the first has none, as nothing predicts it. */
  readonly weights: Float32Array;
}

export interface EncodeOptions {
  /** Tokens of a text, with those that a model expects before it, such as BOS, unless `begin` is false. */
  encode(text: string, options: { begin: boolean }): readonly number[];
  /** Ends a sequence that was not cut, so that the model learns to stop. Left out: nothing does. */
  readonly endOfSequence?: number;
  /** Tokens after which a sequence is cut. */
  readonly maxLength: number;
  /** Whether the tokens of the prompt are targets too, as in the recipe of AlphaLoRA. @default false */
  readonly lossOnPrompt?: boolean;
}

export interface TextPair extends Pick<Example, 'prompt' | 'completion'> {
  /** Whether the prompt has the tokens that begin a text, as a chat template writes them. @default false */
  readonly begun?: boolean;
}

export interface EncodedExamples {
  /** In the order of the examples; those without a target left within `maxLength` are left out. */
  readonly sequences: TokenSequence[];
  /** How many were left out. */
  readonly dropped: number;
  /** How many were cut, the dropped ones included. */
  readonly cut: number;
}

export function encodeExamples(
  examples: readonly TextPair[],
  options: EncodeOptions,
): EncodedExamples {
  const { encode, endOfSequence, maxLength, lossOnPrompt = false } = options;
  const sequences: TokenSequence[] = [];
  let cut = 0;
  for (const { prompt, completion, begun = false } of examples) {
    const begin = { begin: !begun };
    const ids = [...encode(prompt + completion, begin)];
    if (endOfSequence !== undefined && ids.at(-1) !== endOfSequence) ids.push(endOfSequence);
    // BOS, or the first token of the text, is no target in either case.
    const start = lossOnPrompt ? 1 : Math.max(1, commonPrefix(encode(prompt, begin), ids));
    if (ids.length > maxLength) {
      cut++;
      ids.length = maxLength;
    }
    if (start < ids.length) {
      sequences.push({
        ids: Int32Array.from(ids),
        weights: new Float32Array(ids.length).fill(1, start),
      });
    }
  }
  return { sequences, dropped: examples.length - sequences.length, cut };
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, i) => id !== b[i]);
  return differs === -1 ? a.length : differs;
}

/** Pads at the end, with token 0 of weight 0, to the longest of the sequences. */
export function tokenBatch(sequences: readonly TokenSequence[]): TokenBatch {
  const lengths = sequences.map(({ ids }) => ids.length);
  const length = Math.max(...lengths);
  const ids = new Int32Array(sequences.length * length);
  const weights = new Float32Array(ids.length);
  sequences.forEach((sequence, row) => {
    ids.set(sequence.ids, row * length);
    weights.set(sequence.weights, row * length);
  });
  return { ids, weights, rows: sequences.length, length, lengths };
}

/** Tells data sets apart: FNV-1a over all tokens and weights, as 8 hexadecimal digits. */
export function fingerprint(sequences: readonly TokenSequence[]): string {
  let hash = 0x811c9dc5;
  const add = (word: number): void => {
    hash = Math.imul(hash ^ word, 0x01000193);
  };
  for (const { ids, weights } of sequences) {
    add(ids.length);
    for (let t = 0; t < ids.length; t++) {
      add(ids[t]!);
      add(Math.round(weights[t]! * 0x10000));
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
