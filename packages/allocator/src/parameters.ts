/** Sizes of LoRA and MoE-LoRA adapters. */
import type { ResourceKind } from '@alphalora/documents';

export interface LinearMap {
  readonly inputs: number;
  readonly outputs: number;
}

/** A linear map that can get an adapter. */
export interface NamedLinearMap extends LinearMap {
  /** Name of its weight in the checkpoint. */
  readonly name: string;
  readonly role?: string;
}

/**
 * Trainable parameters of one expert on each of the modules: two low-rank factors and one router
 * column per module, sum r (in + out) + sum in. Exact for every count published by MoLA
 * (arXiv 2402.08562) and AlphaLoRA (arXiv 2410.10054).
 */
export function parametersPerExpert(modules: readonly LinearMap[], rank: number): number {
  return modules.reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs) + inputs, 0);
}

/**
 * Most units of a resource that a layer can take: the update of a matrix has at most the rank of its
 * smaller side, so that a block, whose projections all get its rank, is bounded by the smallest of
 * them. Infinite for other resources, and where the shapes are not known.
 */
export function mostOf(
  { field }: ResourceKind,
  layer: LinearMap & { readonly modules?: readonly LinearMap[] },
): number {
  const { modules = layer.inputs > 0 && layer.outputs > 0 ? [layer] : [] } = layer;
  if (field !== 'rank') return Number.POSITIVE_INFINITY;
  return modules.reduce(
    (least, { inputs, outputs }) => Math.min(least, inputs, outputs),
    Number.POSITIVE_INFINITY,
  );
}

/**
 * Trainable parameters of a layer with some units: what training creates. One expert has no router, as there is
 * nothing to select, so that it is a plain LoRA; the published formula, by which budgets in parameters count,
 * has one there too, as the released code of MoLA and AlphaLoRA makes it.
 */
export function trainableOf(
  { field }: ResourceKind,
  { cost, inputs }: Costed,
  { units, routerForOne }: { units: number; routerForOne: boolean },
): number {
  const isPlain = field === 'experts' && units === 1 && !routerForOne;
  return cost * units - (isPlain ? inputs : 0);
}

interface Costed {
  /** See {@link costOfUnit}. */
  readonly cost: number;
  /** Sum over its linear maps. */
  readonly inputs: number;
}

/**
 * Trainable parameters that one unit of a resource adds to a layer, given the sums of its inputs and
 * outputs: an expert of the given rank with its router, or one rank of a LoRA without a router.
 */
export function costOfUnit({ field }: ResourceKind, layer: LinearMap, rank: number): number {
  if (field === 'experts') return parametersPerExpert([layer], rank);
  return field === 'rank' ? layer.inputs + layer.outputs : 0;
}
