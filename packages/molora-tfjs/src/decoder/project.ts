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
  /** By role. */
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

/** @param routings takes those of projections that have a router, by name */
export function projector(
  config: DecoderConfig,
  { projections }: BlockConfig,
  block: DecoderBlock,
  adapter: BlockAdapter | undefined,
  routings: Record<string, Routing>,
): Project {
  const apply = ({ role }: ProjectionConfig, x: tf.Tensor2D): tf.Tensor2D => {
    const weight = block.projections[role]!;
    const adapted = adapter?.projections[role];
    if (!adapter || !adapted) return linear(x, weight);
    const { output, routing } = adaptedProjection(
      x,
      weight,
      adapted,
      adapter.tensors,
      adapter.context,
    );
    if (routing) routings[adapted.name] = routing;
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
  { parts, outputs }: ProjectionConfig,
  { heads, keyValueHeads, headSize }: DecoderConfig,
): tf.Tensor2D[] {
  if (parts.length === 1) return [output];
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
