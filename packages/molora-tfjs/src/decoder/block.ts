/**
 * One block of the decoder: attention and a feed-forward layer, each added to the hidden state, with
 * normalisations where the block's configuration has them.
 *
 * Hidden states are [tokens, hidden size], with the tokens of a batch one row after another, so that
 * linear maps are plain matrix products.
 */
import type * as tf from '@tensorflow/tfjs';
import { concat } from '@tensorflow/tfjs';
import type { Routing } from '../experts/routers/router.js';
import { attention } from '../ops/attention.js';
import { headsFirst, tokensFirst } from '../ops/heads.js';
import { type Rotation, rotate } from '../ops/rope.js';
import { sum } from '../ops/sum.js';
import type { BlockConfig, DecoderConfig, NormPlace } from './config.js';
import type { DecoderBlock } from './decoder.js';
import { feedForward } from './feed-forward/index.js';
import { normalized } from './norm.js';
import { type BlockAdapter, projector } from './project.js';

/** What a block needs beside its weights and the hidden state. */
export interface BlockPass {
  readonly config: DecoderConfig;
  /** Of this block. */
  readonly own: BlockConfig;
  readonly batch: number;
  /** Absent where attention knows no positions. */
  readonly rotation?: Rotation | undefined;
  readonly mask: tf.Tensor;
  readonly adapter?: BlockAdapter;
  /** Of the tokens before these. */
  readonly past?: KeyValues | undefined;
}

/** Rotated keys, and values: [batch * key-value heads, tokens, head size]. */
export interface KeyValues {
  readonly keys: tf.Tensor3D;
  readonly values: tf.Tensor3D;
}

export interface BlockOutput {
  /** [tokens, hidden size] */
  readonly hidden: tf.Tensor2D;
  /** Of the projections that have a router, by name. */
  readonly routings: Readonly<Record<string, Routing>>;
  /** Of all tokens so far. */
  readonly present: KeyValues;
}

/** @param x [tokens, hidden size]; differentiable in x, the adapter's tensors and what learns in the block */
export function decoderBlock(block: DecoderBlock, x: tf.Tensor2D, pass: BlockPass): BlockOutput {
  const { config, own, batch, rotation, mask, adapter, past } = pass;
  const routings: Record<string, Routing> = {};
  const context = { config, own, block, adapter, routings };
  const project = projector(context);
  /** A place without a normalisation leaves states as they are. */
  const norm = (place: NormPlace, states: tf.Tensor2D): tf.Tensor2D => {
    const weights = block.norms[place];
    return weights ? normalized(states, weights, config.norm) : states;
  };
  const placed = (place: NormPlace, states: tf.Tensor2D): tf.Tensor3D => {
    const heads = headsFirst(norm(place, states), batch, config.headSize);
    return rotation ? rotate(heads, rotation) : heads;
  };

  const [query, key, value] = project(norm('beforeAttention', x), 'query', 'key', 'value');
  const queries = placed('queries', query);
  const newKeys = placed('keys', key);
  const newValues = headsFirst(value, batch, config.headSize);
  const keys = past ? concat([past.keys, newKeys], 1) : newKeys;
  const values = past ? concat([past.values, newValues], 1) : newValues;
  const groups = batch * config.keyValueHeads;
  const attended = attention({
    keys,
    values,
    mask,
    batch,
    queries: queries.reshape([groups, -1, config.headSize]),
    ...config.attention,
  });
  const [attentionOutput] = project(tokensFirst(attended, batch, config.heads), 'attention');
  const hidden = sum(x, norm('afterAttention', attentionOutput));
  const output = feedForward(
    norm('beforeFeedForward', own.parallel ? x : hidden),
    context,
    project,
  );
  return {
    hidden: sum(hidden, norm('afterFeedForward', output)),
    routings,
    present: { keys, values },
  };
}
