/** Sorts an adapter's projections by block and role, and checks that they fit the model. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import type { Decoder } from './decoder.js';
import { type ProjectionRole, projectionName, projectionRoles } from './names.js';
import { projectionShape } from './projection-shape.js';

export type BlockProjections = Readonly<Partial<Record<ProjectionRole, AdaptedProjection>>>;

/**
 * @returns the adapted projections of each block
 * @throws AlphaLoraError `INVALID_OPTION` when a projection is not in the model or of another shape
 */
export function projectionsByBlock(
  { config }: Decoder,
  { projections }: AdapterSpec,
): readonly BlockProjections[] {
  const wanted = new Map(projections.map((projection) => [projection.name, projection]));
  const blocks = Array.from({ length: config.blocks }, (_, block) => {
    const found: Partial<Record<ProjectionRole, AdaptedProjection>> = {};
    for (const role of projectionRoles) {
      const name = projectionName(block, role);
      const projection = wanted.get(name);
      if (!projection) continue;
      const [inputs, outputs] = projectionShape(config, role).shape;
      if (projection.inputs !== inputs || projection.outputs !== outputs) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `the adapter maps ${projection.inputs} inputs to ${projection.outputs} outputs at ${name}, the model ${inputs} to ${outputs}: it belongs to another model`,
          { details: { name } },
        );
      }
      found[role] = projection;
      wanted.delete(name);
    }
    return found;
  });
  const [unknown] = wanted.keys();
  if (unknown !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the adapter has experts at ${unknown}; the model can have them at ${projectionName(0, 'q_proj')} to ${projectionName(config.blocks - 1, 'down_proj')}`,
      { details: { name: unknown } },
    );
  }
  return blocks;
}
