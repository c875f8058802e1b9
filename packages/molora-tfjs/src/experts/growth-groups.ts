/**
 * Who competes with whom when ranks grow. In a mixture, the experts of the model in a block do, each with
 * the LoRAs on its projections, which grow together (DR-LoRA, arXiv 2601.04823). Elsewhere the experts of
 * a projection do, by its own router: a transfer of that to models without experts.
 */
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import type { BlockConfig } from '../decoder/config.js';

/** An expert of an adapted projection. */
export interface Part {
  readonly projection: string;
  readonly expert: number;
}

interface Unit {
  /** Its place among the experts of the router. */
  readonly index: number;
  /** What grows together. */
  readonly parts: readonly Part[];
}

export interface GrowthGroup {
  /** Of the router: a module of the model, or the adapted projection. */
  readonly name: string;
  /** Whose router chooses among the units; one LoRA at a projection has none. */
  readonly router: 'model' | 'adapter' | 'none';
  readonly units: readonly Unit[];
}

/** @param blocks of the model; none where it is not known */
export function growthGroups(
  { projections }: AdapterSpec,
  blocks: readonly BlockConfig[],
): GrowthGroup[] {
  const single = new Set(
    projections.flatMap(({ name, ranks }) => (ranks.length === 1 ? [name] : [])),
  );
  const mixtures = blocks.flatMap((block) => mixtureGroup(block, single) ?? []);
  const inMixtures = new Set(
    mixtures.flatMap(({ units }) =>
      units.flatMap(({ parts }) => parts.map(({ projection }) => projection)),
    ),
  );
  const others = projections.flatMap(({ name, ranks }): GrowthGroup[] => {
    if (inMixtures.has(name)) return [];
    const units = ranks.map((_, expert) => ({
      index: expert,
      parts: [{ projection: name, expert }],
    }));
    return [{ name, router: ranks.length > 1 ? 'adapter' : 'none', units }];
  });
  return [...mixtures, ...others];
}

/** @param single projections with one LoRA */
function mixtureGroup(
  { feedForward, projections }: BlockConfig,
  single: ReadonlySet<string>,
): GrowthGroup | undefined {
  if (feedForward.kind !== 'mixture') return undefined;
  const units = Array.from({ length: feedForward.experts }, (_, index): Unit => {
    const own = projections.filter(({ name, expert }) => expert === index && single.has(name));
    return { index, parts: own.map(({ name }) => ({ projection: name, expert: 0 })) };
  }).filter(({ parts }) => parts.length > 0);
  if (units.length === 0) return undefined;
  return { name: feedForward.router, router: 'model', units };
}
