/** Applies the linear maps of a block by what they give, with the experts of an adapter where it has some. */
import * as tf from '@tensorflow/tfjs';
import type { AdaptedProjection, Tensors } from '../adapters/adapter-spec.js';
import { adaptedProjection, type ProjectionContext } from '../experts/adapted-projection.js';
import type { Routing } from '../experts/routers/router.js';
import { linear } from '../ops/linear.js';
import type { BlockConfig, DecoderConfig, ProjectionConfig, ProjectionPart } from './config.js';
import type { DecoderBlock } from './decoder.js';

/** The adapted projections of a block. */
export interface BlockAdapter {
  /** By name. */
  readonly projections: Readonly<Partial<Record<string, AdaptedProjection>>>;
  readonly tensors: Tensors;
  readonly context: ProjectionContext;
}

/**
 * These parts of the same input, [tokens, size of the part]; a fused projection is computed once for all
 * that it gives.
 */
export type Project = <Parts extends ProjectionPart[]>(
  x: tf.Tensor2D,
  ...parts: Parts
) => { [Index in keyof Parts]: tf.Tensor2D };

/** What projections are applied with. */
export interface ProjectorContext {
  readonly config: DecoderConfig;
  readonly own: BlockConfig;
  readonly block: DecoderBlock;
  readonly adapter: BlockAdapter | undefined;
  /** Takes those of projections that have a router, by name. */
  readonly routings: Record<string, Routing>;
}

/** @param of an expert of a mixture, with its tokens among all; the block's others where it is absent */
export function projector(
  { config, own, block, adapter, routings }: ProjectorContext,
  of?: { readonly expert: number; readonly tokens: Int32Array },
): Project {
  const projections = own.projections.filter(({ expert }) => expert === of?.expert);
  const apply = ({ name }: ProjectionConfig, x: tf.Tensor2D): tf.Tensor2D => {
    const weight = block.projections[name]!;
    const adapted = adapter?.projections[name];
    if (!adapter || !adapted) return linear(x, weight);
    const { output, routing } = adaptedProjection(
      x,
      weight,
      adapted,
      adapter.tensors,
      adapter.context,
    );
    if (routing) routings[name] = { ...routing, ...(of && { tokens: of.tokens }) };
    return output;
  };
  return <Parts extends ProjectionPart[]>(x: tf.Tensor2D, ...parts: Parts) => {
    const given = new Map<ProjectionPart, tf.Tensor2D>();
    for (const part of parts) {
      if (given.has(part)) continue;
      const projection = projections.find((each) => each.parts.includes(part))!;
      const outputs = split(apply(projection, x), projection, config);
      for (const [i, own] of projection.parts.entries()) given.set(own, outputs[i]!);
    }
    return parts.map((part) => given.get(part)!) as { [Index in keyof Parts]: tf.Tensor2D };
  };
}

function split(
  output: tf.Tensor2D,
  { parts, outputs, byHead }: ProjectionConfig,
  { heads, keyValueHeads, headSize }: DecoderConfig,
): tf.Tensor2D[] {
  if (parts.length === 1) return [output];
  if (byHead) {
    const [tokens] = output.shape;
    return tf
      .split(output.reshape([tokens, heads, -1]), parts.length, 2)
      .map((part) => part.reshape([tokens, heads * headSize]));
  }
  const ofHeads: Partial<Record<ProjectionPart, number>> = {
    query: heads * headSize,
    key: keyValueHeads * headSize,
    value: keyValueHeads * headSize,
  };
  return tf.split(
    output,
    parts.map((part) => ofHeads[part] ?? outputs / parts.length),
    1,
  );
}
