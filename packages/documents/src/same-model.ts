/** An allocation beside an analysis: whether both are about one model. */
import {
  type AllocatedProjection,
  type Allocation,
  AlphaLoraError,
  type Analysis,
} from '@alphalora/contracts';
import { pairsByPlace } from '@alphalora/contracts/weights';
import { linearMaps } from './linear-maps.js';

/**
 * Pairs the projections of an allocation with those of an analysis by name, and where names begin
 * otherwise by place. An allocation without projections, and an analysis without matrices, say nothing.
 *
 * @param analysis with the stack that the allocation is for as the main one, from `analysisFor`
 * @throws AlphaLoraError `INVALID_DOCUMENT` for a projection that the analysis does not have, or has with
 *   another shape
 */
export function requireSameModel(
  { matrices }: Pick<Analysis, 'matrices'>,
  { projections = [] }: Pick<Allocation, 'projections'>,
): void {
  const maps = linearMaps(matrices).map(({ block, module }) => ({ block, ...module }));
  if (maps.length === 0) return;
  const partners = new Map(pairsByPlace(projections, maps));
  for (const projection of projections) {
    const { name } = projection;
    const partner = partners.get(projection);
    if (!partner) refuse(`${name} of the allocation is not in the analysis`);
    const [given, known] = [sides(projection), sides(partner)];
    if (given !== known)
      refuse(`${name} is ${given} in the allocation and ${known} in the analysis`);
  }
}

/** What to tell where an allocation is for another source than that of the analysis; else undefined. */
export function otherSource(
  { model: { source } }: Pick<Analysis, 'model'>,
  { model }: Pick<Allocation, 'model'>,
): string | undefined {
  return model === undefined || model.source === source
    ? undefined
    : `the allocation is for ${model.source}, and the analysis is of ${source}`;
}

function sides({ inputs, outputs }: Pick<AllocatedProjection, 'inputs' | 'outputs'>): string {
  return `${outputs} x ${inputs}`;
}

function refuse(what: string): never {
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    `${what}: give an allocation and an analysis of the same model`,
  );
}
