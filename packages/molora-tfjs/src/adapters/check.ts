/**
 * What must hold between the parts of an adapter: the same rules for files that are read and for
 * adapters that are written.
 */
import type { AlphaLoraError } from '@alphalora/contracts';
import type { AdaptedProjection, AdapterSpec } from './adapter-spec.js';
import { routerOf } from './keys.js';

/** Makes the error of the reader or the writer. */
export type Refusal = (what: string, tensor?: string) => AlphaLoraError;

/** @throws what `refuse` makes of the first rule that is broken */
export function checkSpec({ projections, dropout }: AdapterSpec, refuse: Refusal): void {
  if (projections.length === 0) throw refuse('it adapts no projection');
  if (!(dropout >= 0 && dropout < 1)) throw refuse(`its dropout ${dropout} is not in [0, 1)`);
  const names = new Set<string>();
  for (const projection of projections) {
    const { name, inputs, outputs, ranks, scalings, topK } = projection;
    if (name === '' || name.length > 1000) {
      throw refuse('the name of a projection is empty or has over 1000 characters');
    }
    const at = `projection ${JSON.stringify(name)}`;
    if (names.has(name)) throw refuse(`${at} is there twice`);
    names.add(name);
    if (![inputs, outputs, ...ranks].every((count) => Number.isSafeInteger(count) && count > 0)) {
      throw refuse(`${at} has inputs, outputs or ranks that are not whole numbers from 1 up`);
    }
    if (ranks.length === 0 || scalings.length !== ranks.length) {
      throw refuse(`${at} has ${ranks.length} ranks and ${scalings.length} scalings`);
    }
    if (!scalings.every(Number.isFinite)) throw refuse(`${at} has a scaling that is not finite`);
    if (!(Number.isSafeInteger(topK) && topK >= 1 && topK <= ranks.length)) {
      throw refuse(`${at} selects ${topK} of ${ranks.length} experts`);
    }
  }
}

/**
 * Several experts need a router, one has none.
 *
 * @param others names in memory of the tensors that are no factors
 */
export function checkRouters(
  others: Iterable<string>,
  projections: readonly AdaptedProjection[],
  refuse: Refusal,
): void {
  const known = byName(projections);
  const routed = new Set<string>();
  for (const name of others) {
    const projection = routerOf(name, known);
    if (!projection) {
      const shown = JSON.stringify(name.slice(0, 200));
      throw refuse(`tensor ${shown} belongs to none of its projections`, name.slice(0, 200));
    }
    routed.add(projection.name);
  }
  for (const { name, ranks } of projections) {
    if (ranks.length > 1 === routed.has(name)) continue;
    const at = `projection ${JSON.stringify(name)}`;
    throw refuse(
      ranks.length > 1
        ? `${at} has ${ranks.length} experts and no router`
        : `${at} has a router for one expert`,
    );
  }
}

function byName(projections: readonly AdaptedProjection[]): ReadonlyMap<string, AdaptedProjection> {
  return new Map(projections.map((projection) => [projection.name, projection]));
}

/** The shapes of the packed factors. */
export function factorShapes({ inputs, outputs, ranks }: AdaptedProjection): {
  a: [inputs: number, ranks: number];
  b: [ranks: number, outputs: number];
} {
  const width = ranks.reduce((sum, rank) => sum + rank, 0);
  return { a: [inputs, width], b: [width, outputs] };
}
