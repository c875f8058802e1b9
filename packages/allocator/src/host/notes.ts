/** What bounds made of a rule, in words: nothing is cut or filled up without a word. */
import type { PolicyLayer } from '@alphalora/contracts/extensions';
import { blockLabel } from '@alphalora/documents';
import { weightType } from '@alphalora/documents/terms';
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
  const { kind, per, min, max, prices, limit, stated } = budget;
  if (stated.unit === 'selection') return selectionNotes({ budget, layers, quantities });
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
    const why = unbounded ? `, where the rule gives ${more}` : '';
    return [
      `${some.length} of ${layers.length} ${per}s ${some.length === 1 ? 'is' : 'are'} at the ${bound}${why}: ${namesOf(some.map(labelOf))}`,
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

/** Of a selection: what nothing was selected of, and where the order alone decided between equal scores. */
function selectionNotes({ budget, layers, quantities }: Bounded): string[] {
  const selected = (layer: Layer): boolean => quantities[layer.index] === 1;
  if (!layers.some(selected)) return ['nothing is selected: give a larger share'];
  const roles = new Map<string, Layer[]>();
  for (const layer of layers) {
    const role = layer.name === undefined ? '' : weightType(layer.name);
    const earlier = roles.get(role);
    if (earlier) earlier.push(layer);
    else roles.set(role, [layer]);
  }
  const none = [...roles].filter(([, own]) => !own.some(selected));
  const equal = [...roles.values()].flatMap((own) => {
    const scores = new Set(own.filter(selected).map(({ score }) => score));
    return own.filter((layer) => !selected(layer) && scores.has(layer.score));
  });
  return [
    ...(budget.per === 'projection' && none.length > 0
      ? [
          `nothing is selected of ${namesOf(none.map(([role, { length }]) => `${role} (${length})`))}`,
        ]
      : []),
    ...(equal.length > 0
      ? [
          `${equal.length} of ${layers.length} ${budget.per}s are frozen although one of equal score is selected: ${namesOf(equal.map(labelOf))}`,
        ]
      : []),
  ];
}

function namesOf(all: readonly string[]): string {
  return all.slice(0, MOST_NAMED).join(', ') + (all.length > MOST_NAMED ? ', ...' : '');
}

function labelOf({ name, block, stack }: Layer): string {
  return name ?? `block ${blockLabel({ index: block, ...(stack && { stack }) })}`;
}

interface Routed extends Pick<Bounded, 'budget' | 'quantities'> {
  readonly topK: number;
  readonly routerForOne: boolean;
}

/** What people should know of routers. */
export function routerNotes({ budget, quantities, topK, routerForOne }: Routed): string[] {
  if (budget.kind.field !== 'experts') return [];
  return [
    ...(topK === 1 && quantities.some((amount) => amount > 1)
      ? [
          'with top-k 1 the weight of the selected expert is always 1, so that the router learns from a balance loss only, and keeps its random choice without one',
        ]
      : []),
    ...(routerForOne && quantities.includes(1)
      ? [
          'the trainable parameters count a router where there is one expert, as the released code of MoLA makes it: train makes none there',
        ]
      : []),
  ];
}
