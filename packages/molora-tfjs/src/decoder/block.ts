/**
 * One block of the decoder: attention and a gated feed-forward layer, each after a normalisation and
 * added to the hidden state (Touvron et al., arXiv:2302.13971).
 *
 * Hidden states are [tokens, hidden size], with the tokens of a batch one row after another, so that
 * linear maps are plain matrix products.
 */
import type * as tf from '@tensorflow/tfjs';
import { concat } from '@tensorflow/tfjs';
import type { AdaptedProjection, Tensors } from '../adapters/adapter-spec.js';
import { adaptedProjection, type ProjectionContext } from '../experts/adapted-projection.js';
import type { Routing } from '../experts/routers/router.js';
import { attention } from '../ops/attention.js';
import { gatedUnit } from '../ops/gated-unit.js';
import { linear } from '../ops/linear.js';
import { operation } from '../ops/operation.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { type Rotation, rotate } from '../ops/rope.js';
import { sum } from '../ops/sum.js';
import type { DecoderConfig } from './config.js';
import type { DecoderBlock } from './decoder.js';
import type { ProjectionRole } from './names.js';

/** What a block needs beside its weights and the hidden state. */
export interface BlockPass {
  readonly config: DecoderConfig;
  readonly batch: number;
  readonly rotation: Rotation;
  readonly mask: tf.Tensor;
  readonly adapter?: BlockAdapter;
  /** Of the tokens before these. */
  readonly past?: KeyValues | undefined;
}

/** The adapted projections of a block. */
interface BlockAdapter {
  readonly projections: Readonly<Partial<Record<ProjectionRole, AdaptedProjection>>>;
  readonly tensors: Tensors;
  readonly context: ProjectionContext;
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
  const { config, batch, rotation, mask, adapter, past } = pass;
  const routings: Record<string, Routing> = {};
  const project = (role: ProjectionRole, input: tf.Tensor2D): tf.Tensor2D => {
    const weight = block.projections[role];
    const adapted = adapter?.projections[role];
    if (!adapter || !adapted) return linear(input, weight);
    const { output, routing } = adaptedProjection(
      input,
      weight,
      adapted,
      adapter.tensors,
      adapter.context,
    );
    if (routing) routings[adapted.name] = routing;
    return output;
  };

  const normed = rmsNorm(x, block.attentionNorm, config.normEpsilon);
  const queries = rotate(headsFirst(project('q_proj', normed), batch, config.headSize), rotation);
  const newKeys = rotate(headsFirst(project('k_proj', normed), batch, config.headSize), rotation);
  const newValues = headsFirst(project('v_proj', normed), batch, config.headSize);
  const keys = past ? concat([past.keys, newKeys], 1) : newKeys;
  const values = past ? concat([past.values, newValues], 1) : newValues;
  const groups = batch * config.keyValueHeads;
  const attended = attention({
    keys,
    values,
    mask,
    batch,
    queries: queries.reshape([groups, -1, config.headSize]),
  });
  const hidden = sum(x, project('o_proj', tokensFirst(attended, batch, config)));

  const normedHidden = rmsNorm(hidden, block.feedForwardNorm, config.normEpsilon);
  const gated = gatedUnit(
    project('gate_proj', normedHidden),
    project('up_proj', normedHidden),
    config.activation,
  );
  return {
    hidden: sum(hidden, project('down_proj', gated)),
    routings,
    present: { keys, values },
  };
}

/** [tokens, heads * head size] -> [batch * heads, tokens per row, head size] */
function headsFirst(x: tf.Tensor2D, batch: number, headSize: number): tf.Tensor3D {
  return operation(
    [x],
    (x) => ({ value: splitHeads(x, batch, headSize), saved: {} }),
    (dy) => [joinHeads(dy, batch)],
  );
}

/** The way back, from the heads of each group stacked as attention takes them. */
function tokensFirst(
  x: tf.Tensor3D,
  batch: number,
  { heads, headSize }: DecoderConfig,
): tf.Tensor2D {
  return operation(
    [x],
    (x) => ({ value: joinHeads(x.reshape([batch * heads, -1, headSize]), batch), saved: {} }),
    (dy) => [splitHeads(dy, batch, headSize).reshape(x.shape)],
  );
}

function splitHeads(x: tf.Tensor2D, batch: number, headSize: number): tf.Tensor3D {
  const [tokens, width] = x.shape;
  const length = tokens / batch;
  return x
    .reshape([batch, length, width / headSize, headSize])
    .transpose([0, 2, 1, 3])
    .reshape([-1, length, headSize]);
}

function joinHeads(x: tf.Tensor3D, batch: number): tf.Tensor2D {
  const [heads, length, headSize] = x.shape;
  return x
    .reshape([batch, heads / batch, length, headSize])
    .transpose([0, 2, 1, 3])
    .reshape([batch * length, -1]);
}
