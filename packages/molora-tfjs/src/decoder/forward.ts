/** From tokens to logits: embeddings, blocks, last normalisation, output layer. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { AdapterSpec, Tensors } from '../adapters/adapter-spec.js';
import type { OnGates } from '../experts/adapted-projection.js';
import type { RouterLoss } from '../experts/losses/router-loss.js';
import { createRouter } from '../experts/routers/index.js';
import type { Router, Routing } from '../experts/routers/router.js';
import { causalMask } from '../ops/attention.js';
import { embeddingsOf } from '../ops/embedding.js';
import { linear } from '../ops/linear.js';
import { recomputed } from '../ops/recompute.js';
import { type Rotation, rotationAt } from '../ops/rope.js';
import { softCap } from '../ops/soft-cap.js';
import { sum } from '../ops/sum.js';
import { tidied } from '../ops/tidied.js';
import { type BlockProjections, projectionsByBlock } from './adapter-of-block.js';
import { type BlockOutput, type BlockPass, decoderBlock, type KeyValues } from './block.js';
import type { RopeConfig } from './config.js';
import type { Decoder } from './decoder.js';
import { normalized } from './norm.js';

/** An adapter, and how it acts in a pass. */
export interface AdapterOptions {
  readonly adapter?: { readonly spec: AdapterSpec; readonly tensors: Tensors };
  /** Replaces the router that the adapter names. */
  readonly router?: Router;
  /** Dropout acts. @default false */
  readonly training?: boolean;
  /** Of the dropout. @default 0 */
  readonly seed?: number;
  /** For routers with weights per task. @default 0 */
  readonly task?: number;
  /** Watches routers, where there is an adapter. @default nobody */
  readonly onGates?: OnGates | undefined;
}

/** Keys and values of the tokens so far, so that they are not computed again. */
export interface KeyValueCache {
  readonly blocks: readonly KeyValues[];
  /** Tokens per row so far. */
  readonly length: number;
}

export interface HiddenStatesOptions extends AdapterOptions {
  /** Of the tokens before `ids`. */
  readonly cache?: KeyValueCache | undefined;
  /** Of each row, tokens at its beginning that do not count. @default none */
  readonly padding?: readonly number[];
  /** Drops the inside of each block after the forward pass, see `recomputed`. @default false */
  readonly recompute?: boolean;
  /** In place of the vectors of `ids`, [batch * length, hidden size]: to differentiate in them. */
  readonly embedded?: tf.Tensor2D | undefined;
  /** Auxiliary loss of the routings: of each block, or of all together where it says so. */
  readonly routerLoss?: RouterLoss;
}

export interface HiddenStates {
  /** Normalised, [batch * length, hidden size]; a row of the batch after the other. */
  readonly hidden: tf.Tensor2D;
  /** The auxiliary loss, of blocks their sum, where one was asked for and some projection has a router. */
  readonly auxiliary?: tf.Scalar;
  /** By name of the projection; none when blocks are recomputed. */
  readonly routings: Readonly<Record<string, Routing>>;
  /** None when blocks are recomputed. */
  readonly cache: KeyValueCache;
}

/** @param ids [batch, length], int32 and within the vocabulary. Call it within a `tf.tidy`. */
export function hiddenStates(
  decoder: Decoder,
  ids: tf.Tensor2D,
  options: HiddenStatesOptions = {},
): HiddenStates {
  const { config } = decoder;
  const { cache, padding, recompute = false, routerLoss } = options;
  const [batch, length] = ids.shape;
  const start = cache?.length ?? 0;
  const keys = start + length;
  const shape = { queries: length, keys, ...(padding && { padding }) };
  const masks = memoized((window: number) => causalMask({ ...shape, window }));
  const rotations = memoized((rope: RopeConfig) =>
    rotationAt(rope, config.headSize, start, length),
  );
  const adapters = blockAdapters(decoder, options);

  let hidden = options.embedded ?? embed(decoder, ids, { start, padding });
  const auxiliaries: tf.Scalar[] = [];
  const routed: Routing[] = [];
  const routings: Record<string, Routing> = {};
  const present: KeyValues[] = [];
  for (const [index, block] of decoder.blocks.entries()) {
    const adapter = adapters?.(index);
    const own = config.blocks[index]!;
    const constants: Constants = {
      ...(own.rope && rotations(own.rope)),
      mask: masks(Math.min(own.window ?? keys, keys)),
    };
    const run: BlockFunction<BlockOutput> = (x, tensors, { mask, ...rotation }) =>
      // What the gradient keeps lives on; all else that the block computes goes with it.
      tidied(() =>
        decoderBlock(block, x, {
          config,
          own,
          batch,
          rotation: own.rope && (rotation as Rotation),
          mask,
          past: cache?.blocks[index],
          ...(adapter && { adapter: { ...adapter, tensors } }),
        }),
      );
    const tensors = adapter?.tensors ?? {};
    let found: readonly Routing[];
    if (recompute) {
      const packed = recomputedBlock(run, hidden, tensors, constants, routerLoss);
      hidden = packed.hidden;
      found = packed.routings;
      if (packed.loss) auxiliaries.push(packed.loss);
    } else {
      const output = run(hidden, tensors, constants);
      Object.assign(routings, output.routings);
      present.push(output.present);
      hidden = output.hidden;
      found = Object.values(output.routings);
      const loss = blockLoss(routerLoss, found);
      if (loss) auxiliaries.push(loss);
    }
    routed.push(...found);
  }
  if (routerLoss?.overBlocks && routed.length > 0) auxiliaries.push(routerLoss(routed));
  return {
    hidden: normalized(hidden, decoder.norm, config.norm),
    ...(auxiliaries.length > 0 && { auxiliary: tf.addN(auxiliaries) }),
    routings,
    cache: { blocks: present, length: keys },
  };
}

/** Where tokens stand. */
interface Place {
  /** Tokens before them. @default 0 */
  readonly start?: number;
  /** Of each row, tokens at its beginning that do not count. @default none */
  readonly padding?: readonly number[] | undefined;
}

/**
 * @returns the vectors that the first block takes, [batch * length, hidden size]
 * @throws AlphaLoraError `INVALID_OPTION` where there are more tokens than learned positions
 */
export function embed(
  { config, embeddings, positions }: Decoder,
  ids: tf.Tensor2D,
  place: Place = {},
): tf.Tensor2D {
  const vectors = embeddingsOf(embeddings, ids.reshape<tf.Tensor1D>([-1]));
  const scaled = config.embeddingScale === 1 ? vectors : vectors.mul(config.embeddingScale);
  if (!positions) return scaled as tf.Tensor2D;
  const indices = positionsOf(ids.shape, config.maxPositions, place);
  return sum(scaled as tf.Tensor2D, tf.gather(positions, tf.tensor1d(indices, 'int32')));
}

/** The first token of a row that counts is at position 0. */
function positionsOf(
  [batch, length]: [number, number],
  maxPositions: number,
  { start = 0, padding }: Place,
): Int32Array {
  const indices = new Int32Array(batch * length);
  for (let row = 0; row < batch; row++) {
    const first = start - (padding?.[row] ?? 0);
    if (first + length > maxPositions) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `row ${row} has ${first + length} tokens, and the model ${maxPositions} positions: shorten it`,
      );
    }
    for (let i = 0; i < length; i++) indices[row * length + i] = Math.max(0, first + i);
  }
  return indices;
}

/** @param hidden as `hiddenStates` gives it @returns [tokens, vocabulary] */
export function outputLogits({ config, output }: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  const logits = linear(hidden, output);
  return config.logitCap === undefined ? logits : softCap(logits, config.logitCap);
}

export interface Logits {
  /** [batch, length, vocabulary] */
  readonly logits: tf.Tensor3D;
  /** How tokens were routed, by name of the projection; tokens as in `hiddenStates`. */
  readonly routings: Readonly<Record<string, Routing>>;
}

/**
 * Logits of the next token at every position. Rows of unequal length are padded at the end with any
 * token: attention is causal, so that padding never reaches the tokens before it.
 *
 * @param ids [batch, length], int32 and within the vocabulary
 * @throws AlphaLoraError `INVALID_OPTION` when the adapter does not fit the model
 */
export function logits(decoder: Decoder, ids: tf.Tensor2D, options: AdapterOptions = {}): Logits {
  return tidied(() => {
    const { hidden, routings } = hiddenStates(decoder, ids, options);
    const flat = outputLogits(decoder, hidden);
    return { logits: flat.reshape([...ids.shape, -1]), routings };
  });
}

/** Results by argument: blocks share what is the same for them. */
function memoized<Key, Result>(make: (key: Key) => Result): (key: Key) => Result {
  const made = new Map<Key, Result>();
  return (key) => {
    const result = made.get(key) ?? make(key);
    made.set(key, result);
    return result;
  };
}

/** What the blocks of a pass share and no gradient is asked for. */
type Constants = Partial<Rotation> & { readonly mask: tf.Tensor };
type BlockFunction<Result> = (x: tf.Tensor2D, tensors: Tensors, constants: Constants) => Result;

type AdapterByBlock = (block: number) => NonNullable<BlockPass['adapter']> | undefined;

function blockAdapters(decoder: Decoder, options: AdapterOptions): AdapterByBlock | undefined {
  const { adapter, training = false, seed = 0, task = 0, onGates } = options;
  if (!adapter) return undefined;
  const { spec, tensors } = adapter;
  const projections = projectionsByBlock(decoder, spec);
  const router = options.router ?? createRouter(spec.router);
  const context = { router, training, dropout: spec.dropout, seed, task, onGates };
  const own = tensorsByBlock(projections, tensors);
  return (block) => ({ projections: projections[block]!, tensors: own[block]!, context });
}

/** Of each block, the tensors of its projections: what it is differentiated in. */
function tensorsByBlock(blocks: readonly BlockProjections[], tensors: Tensors): Tensors[] {
  const found: Record<string, tf.Tensor>[] = blocks.map(() => ({}));
  const blockOf = new Map(
    blocks.flatMap((block, index) => Object.keys(block).map((name) => [name, index])),
  );
  for (const [key, tensor] of Object.entries(tensors)) {
    // The name of a projection with what the tensor is behind it: a mixture has thousands of both.
    for (let end = key.lastIndexOf('.'); end > 0; end = key.lastIndexOf('.', end - 1)) {
      const index = blockOf.get(key.slice(0, end));
      if (index === undefined) continue;
      found[index]![key] = tensor;
      break;
    }
  }
  return found;
}

/** The auxiliary loss of one block, where it is one of blocks. */
function blockLoss(
  loss: RouterLoss | undefined,
  routings: readonly Routing[],
): tf.Scalar | undefined {
  return loss && !loss.overBlocks && routings.length > 0 ? loss(routings) : undefined;
}

interface RecomputedBlock {
  readonly hidden: tf.Tensor2D;
  readonly loss: tf.Scalar | undefined;
  /** For a loss over all blocks; otherwise none. */
  readonly routings: readonly Routing[];
}

/** A block's hidden state and what its routers add to the loss, without keeping what lies between. */
function recomputedBlock(
  run: BlockFunction<BlockOutput>,
  hidden: tf.Tensor2D,
  tensors: Tensors,
  constants: Constants,
  routerLoss: RouterLoss | undefined,
): RecomputedBlock {
  const names = Object.keys(tensors);
  let shapes: number[][] = [];
  let taken: Routing['tokens'][] = [];
  // An operation with a gradient of its own has one result: all else travels behind the states.
  const packed = recomputed(
    ([x, ...copies], kept) => {
      const named = Object.fromEntries(names.map((name, i) => [name, copies[i]!]));
      const output = run(x as tf.Tensor2D, named, kept);
      const routings = Object.values(output.routings);
      const loss = blockLoss(routerLoss, routings);
      const wanted = routerLoss?.overBlocks ? routings : [];
      const results = [output.hidden, ...(loss ? [loss] : []), ...wanted.flatMap(partsOf)];
      shapes = results.map(({ shape }) => shape);
      taken = wanted.map(({ tokens }) => tokens);
      return results.length === 1
        ? output.hidden
        : tf.concat(results.map((result) => result.flatten()));
    },
    [hidden, ...Object.values(tensors)],
    constants,
  );
  const [states, ...others] = shapes.length === 1 ? [packed] : unpacked(packed, shapes);
  return {
    hidden: states as tf.Tensor2D,
    loss: taken.length === 0 ? (others[0] as tf.Scalar | undefined) : undefined,
    routings: taken.map((tokens, i) => {
      const [logits, probabilities, gates] = others.slice(3 * i) as tf.Tensor2D[];
      const found = { logits: logits!, probabilities: probabilities!, gates: gates! };
      return tokens ? { ...found, tokens } : found;
    }),
  };
}

function partsOf({ logits, probabilities, gates }: Routing): tf.Tensor2D[] {
  return [logits, probabilities, gates];
}

/** The tensors that were laid one behind the other. */
function unpacked(packed: tf.Tensor, shapes: readonly number[][]): tf.Tensor[] {
  let start = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const part = packed.slice([start], [size]).reshape(shape);
    start += size;
    return part;
  });
}
