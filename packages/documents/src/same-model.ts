/** An allocation beside an analysis: whether both are about one model. */
import {
  type AllocatedProjection,
  type Allocation,
  AlphaLoraError,
  type Analysis,
  type MatrixRow,
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

interface NamedAnalysis {
  file: string;
  analysis: Pick<Analysis, 'model' | 'matrices'>;
}

/**
 * Whether two analyses can be of one model: what they both list has to have the same shapes. Checkpoints of one
 * model, or tunings of it, pass.
 *
 * @returns what to tell where their sources differ
 * @throws AlphaLoraError `INVALID_DOCUMENT` for a matrix of another shape, and where they have none in common
 */
export function requireAlike(a: NamedAnalysis, b: NamedAnalysis): string | undefined {
  const named = shapesBy(a.analysis, ({ name }) => name);
  const placed = shapesBy(a.analysis, placeOf);
  // Names of one model may begin otherwise, as under an adapter.
  const shapeIn = (row: MatrixRow): readonly number[] | undefined =>
    named.get(row.name) ?? placed.get(placeOf(row) ?? row.name);
  const both = b.analysis.matrices.filter((row) => shapeIn(row) !== undefined);
  const odd = both.find((row) => `${row.shape}` !== `${shapeIn(row)}`);
  const advice = 'give analyses of one model';
  if (odd) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${odd.name} is ${shapeIn(odd)!.join(' x ')} in ${a.file} and ${odd.shape.join(' x ')} in ${b.file}: ${advice}`,
    );
  }
  if (both.length === 0 && named.size > 0 && b.analysis.matrices.length > 0) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${a.file} and ${b.file} have no weight in common: ${advice}`,
    );
  }
  const [own, other] = [a.analysis.model.source, b.analysis.model.source];
  if (own === other) return undefined;
  return `${a.file} is of ${own}, and ${b.file} of ${other}: make sure that both are the same model`;
}

function shapesBy(
  { matrices }: Pick<Analysis, 'matrices'>,
  key: (row: MatrixRow) => string | undefined,
): Map<string, readonly number[]> {
  return new Map(
    matrices.flatMap((row) => {
      const found = key(row);
      return found === undefined ? [] : [[found, row.shape] as const];
    }),
  );
}

/** Of a projection of a block that has one of its role. */
function placeOf({ block, role, kind = 'projection' }: MatrixRow): string | undefined {
  return block === undefined || role === undefined || kind !== 'projection'
    ? undefined
    : `${block} ${role}`;
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
