/** Sorts an adapter's projections by block and role, and checks that they fit the model. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import type { Decoder } from './decoder.js';

/** By name. */
export type BlockProjections = Readonly<Record<string, AdaptedProjection>>;

/**
 * @returns the adapted projections of each block
 * @throws AlphaLoraError `INVALID_OPTION` when a projection is not in the model or of another shape
 */
export function projectionsByBlock(
  { config }: Decoder,
  { projections }: AdapterSpec,
): readonly BlockProjections[] {
  const wanted = new Map(projections.map((projection) => [projection.name, projection]));
  const blocks = config.blocks.map((block) => {
    const found: Record<string, AdaptedProjection> = {};
    for (const { name, inputs, outputs } of block.projections) {
      const projection = wanted.get(name);
      if (!projection) continue;
      if (projection.inputs !== inputs || projection.outputs !== outputs) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `the adapter maps ${projection.inputs} inputs to ${projection.outputs} outputs at ${name}, the model ${inputs} to ${outputs}: it belongs to another model`,
          { details: { name } },
        );
      }
      found[name] = projection;
      wanted.delete(name);
    }
    return found;
  });
  const [unknown] = wanted.keys();
  if (unknown !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the adapter has experts at ${unknown}; the model can have them at ${config.blocks[0]!.projections[0]!.name} to ${config.blocks.at(-1)!.projections.at(-1)!.name}`,
      { details: { name: unknown } },
    );
  }
  return blocks;
}
