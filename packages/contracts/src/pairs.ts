/** The weights of two checkpoints that belong together, whatever the names of their models begin with. */
import type { WeightDescription } from './weights.js';

/** What of a weight says where it belongs. */
export type Placed = Pick<WeightDescription, 'name' | 'block' | 'stack' | 'role'>;

/** Pairs by name; of the rest, those that alone have their place in the model on both sides. */
export function pairsByPlace<A extends Placed, B extends Placed>(
  a: readonly A[],
  b: readonly B[],
): Array<[A, B]> {
  const byName = new Map(b.map((weight) => [weight.name, weight]));
  const pairs = a.flatMap((weight): Array<[A, B]> => {
    const partner = byName.get(weight.name);
    return partner ? [[weight, partner]] : [];
  });
  const taken = new Set<Placed>(pairs.flat());
  const places = byPlace(b.filter((weight) => !taken.has(weight)));
  for (const [key, weights] of byPlace(a.filter((weight) => !taken.has(weight)))) {
    const partners = places.get(key) ?? [];
    if (weights.length === 1 && partners.length === 1) pairs.push([weights[0]!, partners[0]!]);
  }
  return pairs;
}

function byPlace<Weight extends Placed>(weights: readonly Weight[]): Map<string, Weight[]> {
  const places = new Map<string, Weight[]>();
  for (const weight of weights) {
    const key = place(weight);
    places.set(key, [...(places.get(key) ?? []), weight]);
  }
  return places;
}

/**
 * Where a weight belongs, whatever its model's names begin with: block, role, and the numbers of
 * experts further on in the name; outside of blocks the last two parts of the name.
 */
function place({ name, block, stack, role }: Placed): string {
  const parts = name.split(/[.[\]]+/);
  if (block === undefined || role === undefined) return parts.slice(-2).join('.');
  const inside = parts.slice(parts.indexOf(String(stack?.block ?? block)) + 1);
  return [block, role, ...inside.filter((part) => /^\d+$/.test(part))].join(' ');
}
