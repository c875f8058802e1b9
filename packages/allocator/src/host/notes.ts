/** What bounds made of a rule, in words: nothing is cut or filled up without a word. */
import type { PolicyLayer } from '@alphalora/contracts/extensions';
import { blockLabel } from '@alphalora/documents';
import type { Budget } from '../budget/budget.js';
import type { Layer } from '../layers.js';

interface Bounded {
  readonly budget: Budget;
  readonly layers: readonly (Layer & PolicyLayer)[];
  /** What the policy returned; absent where those are the quantities. */
  readonly weights?: readonly number[];
  readonly quantities: readonly number[];
}

/** Layers that a note names. */
const MOST_NAMED = 3;

/**
 * Of weights it is known what the rule gives without bounds, `limit * weight / sum(price * weight)`;
 * quantities that a policy returns have kept the bounds already, and those at one are named. The lowest
 * minimum of a resource is no news, nor is a rank that a matrix bounds, which is a layer's `cap`.
 */
export function boundNotes({ budget, layers, weights, quantities }: Bounded): string[] {
  const { kind, per, min, max, prices, limit } = budget;
  const spent = weights?.reduce((sum, weight, i) => sum + weight * prices[i]!, 0);
  const unbounded = weights?.map((weight) => (limit * weight) / spent!);
  // What rounds to the bound is not changed by it.
  const slack = kind.whole ? 0.5 : 1e-9;
  const above = layers.filter(
    (_, i) => quantities[i]! >= max && (unbounded ? unbounded[i]! > max + slack : true),
  );
  const below = layers.filter(
    (_, i) => quantities[i]! <= min && (unbounded ? unbounded[i]! < min - slack : min > kind.min),
  );
  const note = (some: typeof layers, bound: string, more: string): string[] => {
    if (some.length === 0) return [];
    const names = some.slice(0, MOST_NAMED).map(labelOf);
    if (some.length > MOST_NAMED) names.push('...');
    const why = unbounded ? `, where the rule gives ${more}` : '';
    return [
      `${some.length} of ${layers.length} ${per}s ${some.length === 1 ? 'is' : 'are'} at the ${bound}${why}: ${names.join(', ')}`,
    ];
  };
  const pruned = kind.fraction && max === 1;
  return [
    ...note(
      above,
      pruned
        ? 'max of 1, which prunes all weights (a max of 0.95 keeps some of each)'
        : `max of ${max}`,
      'more',
    ),
    ...note(below, `min of ${min}`, 'less'),
  ];
}

function labelOf({ name, block, stack }: Layer): string {
  return name ?? `block ${blockLabel({ index: block, ...(stack && { stack }) })}`;
}
