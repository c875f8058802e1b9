/**
 * Experts that a checkpoint has in one tensor for each block, as transformers has them in memory:
 * `experts.gate_up_proj` [experts, 2 width, hidden size], the gates above the others, and `experts.down_proj`
 * [experts, hidden size, width], both `[outputs, inputs]`. Here they are single weights under the names that
 * the model's own release gives them, and so is the router.
 */
import type { ReadableTensor } from '../weights/weight-loader.js';
import type { DecoderConfig, MixtureConfig, ProjectionConfig } from './config.js';

/** @returns none for blocks whose experts are not stacked */
export function unstackedExperts(
  tensors: readonly ReadableTensor[],
  { blocks }: DecoderConfig,
): ReadableTensor[] {
  const mixtures = blocks.flatMap(({ feedForward, projections }) =>
    feedForward.kind === 'mixture' ? [{ mixture: feedForward, projections }] : [],
  );
  if (mixtures.length === 0) return [];
  const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return mixtures.flatMap(({ mixture, projections }) => {
    const router = stored.get(`${mixture.stacked}.gate.weight`);
    const experts = projections.flatMap((projection) => {
      const { part, name } = placeOf(projection, mixture);
      const whole = stored.get(name);
      return whole ? (partOf(whole, projection, part) ?? []) : [];
    });
    return [...(router ? [{ ...router, name: `${mixture.router}.weight` }] : []), ...experts];
  });
}

/** The tensor that a projection of an expert is in, and its place among those of the same expert there. */
function placeOf({ parts }: ProjectionConfig, { stacked }: MixtureConfig) {
  const isDown = parts.includes('down');
  return {
    name: `${stacked}.experts.${isDown ? 'down_proj' : 'gate_up_proj'}`,
    part: isDown ? undefined : parts.includes('up') ? 1 : 0,
  };
}

/** @returns undefined where the shape is another: then the weight is lacking under its name */
function partOf(
  { read, shape }: ReadableTensor,
  { name, inputs, outputs, expert }: ProjectionConfig,
  part: number | undefined,
): ReadableTensor | undefined {
  const [experts = 0, rows, columns] = shape;
  const expected = part === undefined ? outputs : 2 * outputs;
  if (expert === undefined || expert >= experts || rows !== expected || columns !== inputs) return;
  const size = inputs * outputs;
  const from = expert * expected * inputs + (part ?? 0) * size;
  return {
    name: `${name}.weight`,
    shape: [outputs, inputs],
    read: (start = 0, end = size, signal) => read(from + start, from + end, signal),
  };
}
