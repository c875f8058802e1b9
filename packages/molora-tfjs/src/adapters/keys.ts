/**
 * Names of an adapter's tensors on disk. A projection with one expert has the names of PEFT:
 *
 *   base_model.model.<module>.lora_A.weight [rank, inputs], .lora_B.weight [outputs, rank]
 *
 * one with several those of MoLA's and AlphaLoRA's released adapters:
 *
 *   base_model.model.<module>.lora_A_0.weight, .lora_B_0.weight, ..., .router.router.weight
 *
 * Further parameters of a router, of which those know nothing, keep their names and shapes.
 */
import type { AdaptedProjection } from './adapter-spec.js';

export const WRAPPER = 'base_model.model.';

export function factorKey(
  { name, ranks }: AdaptedProjection,
  factor: 'A' | 'B',
  expert: number,
): string {
  const suffix = ranks.length === 1 ? '' : `_${expert}`;
  return `${WRAPPER}${name}.lora_${factor}${suffix}.weight`;
}

/** Of the router's matrix, [experts, inputs] there and [inputs, experts] in memory. */
export function routerKey({ name }: AdaptedProjection): string {
  return `${WRAPPER}${name}.router.router.weight`;
}

/** Whether the tensor `<projection>.router` is the matrix that MoLA has. */
export function isRouterMatrix(
  { inputs, ranks }: AdaptedProjection,
  shape: readonly number[],
): boolean {
  return shape.length === 2 && shape[0] === inputs && shape[1] === ranks.length;
}

/**
 * The projection whose router a tensor belongs to; undefined for what is no parameter of a router.
 *
 * @param name in memory: `<projection>.router`, `<projection>.router.<parameter>`
 */
export function routerOf(
  name: string,
  projections: ReadonlyMap<string, AdaptedProjection>,
): AdaptedProjection | undefined {
  const marker = '.router';
  // Longer names are none of ours, and would cost time here.
  if (name.length > 2000) return undefined;
  for (let at = name.indexOf(marker); at >= 0; at = name.indexOf(marker, at + 1)) {
    const next = name[at + marker.length];
    const projection = projections.get(name.slice(0, at));
    if (projection && (next === undefined || next === '.')) return projection;
  }
  return undefined;
}
