/**
 * The way of tokens through a mixture of experts: which expert takes which tokens, the tokens as each
 * expert takes them, and what the experts give, weighed and added up again. Only chosen experts compute,
 * and each only its own tokens.
 *
 * Which those are is read from the backend, as the shapes of the work depend on it. Where numbers can be
 * read later only, every expert takes every token, and gates of zero leave out what was not chosen.
 *
 * Gradients are lookups, too: each token knows where it went, so that no backend needs a scatter.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

export interface Dispatch {
  readonly tokens: number;
  /** Experts that a token goes to. */
  readonly perToken: number;
  /** Tokens that each expert takes. */
  readonly counts: readonly number[];
  /** Which token is taken, expert after expert; within one by their order. */
  readonly rows: Int32Array;
  /** Which expert takes it. */
  readonly experts: Int32Array;
  /** Where the tokens are in `rows` with their first expert, with their second, ... */
  readonly places: readonly Int32Array[];
}

/** Whether experts take all tokens, as what was chosen can be read too late to leave any out. */
export const takesAllTokens = (): boolean => tf.getBackend() === 'webgpu';

/** @param mask 1 at the experts of each token, as many for all, and 0 elsewhere, [tokens, experts] */
export function dispatch(mask: tf.Tensor2D, perToken: number): Dispatch {
  const [tokens, experts] = mask.shape;
  if (takesAllTokens()) return toChosen(tokens, experts, experts, () => true);
  const values = mask.dataSync();
  return toChosen(
    tokens,
    experts,
    perToken,
    (token, expert) => values[token * experts + expert] !== 0,
  );
}

function toChosen(
  tokens: number,
  experts: number,
  perToken: number,
  takes: (token: number, expert: number) => boolean,
): Dispatch {
  const taken = tokens * perToken;
  const [rows, owners] = [new Int32Array(taken), new Int32Array(taken)];
  const places = Array.from({ length: perToken }, () => new Int32Array(tokens));
  const met = new Uint16Array(tokens);
  const counts: number[] = [];
  let place = 0;
  for (let expert = 0; expert < experts; expert++) {
    const start = place;
    for (let token = 0; token < tokens; token++) {
      if (!takes(token, expert)) continue;
      places[met[token]!++]![token] = place;
      owners[place] = expert;
      rows[place++] = token;
    }
    counts.push(place - start);
  }
  return { tokens, perToken, counts, rows, experts: owners, places };
}

/** What an expert takes. */
export interface Taken {
  /** [its tokens, size] */
  readonly x: tf.Tensor2D;
  /** Which of all tokens they are. */
  readonly tokens: Int32Array;
}

/**
 * @param x [tokens, size]; differentiable in it
 * @returns by expert; undefined for one that takes none
 */
export function tokensOfExperts(x: tf.Tensor2D, way: Dispatch): (Taken | undefined)[] {
  const taken = operation(
    [x],
    (x) => ({ value: rowsAt(x, way.rows), saved: {} }),
    (dy) => [addedUp(dy, way)],
  );
  const sizes = way.counts.filter((count) => count > 0);
  // The library's gradient of a split into one part fails.
  const parts = sizes.length === 1 ? [taken] : tf.split<tf.Tensor2D>(taken, sizes);
  let next = 0;
  let start = 0;
  return way.counts.map((count) => {
    if (count === 0) return undefined;
    const tokens = way.rows.subarray(start, start + count);
    start += count;
    return { x: parts[next++]!, tokens };
  });
}

/**
 * @param outputs of the experts that took tokens, in order, [its tokens, size]; differentiable in them
 * @param gates [tokens, experts]; differentiable in it
 * @returns the sum of what a token's experts give, each times its gate, [tokens, size]
 */
export function combined(
  outputs: readonly tf.Tensor2D[],
  gates: tf.Tensor2D,
  way: Dispatch,
): tf.Tensor2D {
  const experts = gates.shape[1];
  const all = outputs.length === 1 ? outputs[0]! : tf.concat([...outputs], 0);
  return operation(
    [all, gates],
    (all, gates) => {
      const chosen = way.rows.map((row, i) => row * experts + way.experts[i]!);
      const weights = rowsAt<tf.Tensor2D>(gates.reshape([-1, 1]), chosen);
      return { value: addedUp(all.mul(weights), way), saved: { all, weights } };
    },
    (dy, { all, weights }) => {
      const given = rowsAt(dy, way.rows);
      const along = given.mul(all).sum(1, true);
      return [given.mul(weights), spread(along as tf.Tensor2D, experts, way)];
    },
  );
}

/** Of rows that experts gave, the sum of each token's, [tokens, size]. */
function addedUp(given: tf.Tensor2D, { places }: Dispatch): tf.Tensor2D {
  const parts = places.map((place) => rowsAt(given, place));
  return parts.length === 1 ? parts[0]! : tf.addN(parts);
}

/** Numbers of what experts take, [taken, 1], where gates have them; 0 elsewhere. */
function spread(
  numbers: tf.Tensor2D,
  experts: number,
  { rows, experts: owners, tokens }: Dispatch,
): tf.Tensor2D {
  const from = new Int32Array(tokens * experts).fill(rows.length);
  for (const [place, row] of rows.entries()) from[row * experts + owners[place]!] = place;
  return rowsAt(tf.concat([numbers, tf.zeros([1, 1])], 0), from).reshape([tokens, experts]);
}

function rowsAt<Rows extends tf.Tensor = tf.Tensor2D>(x: Rows, rows: Int32Array): Rows {
  return tf.gather(x, tf.tensor1d(rows, 'int32')) as Rows;
}
