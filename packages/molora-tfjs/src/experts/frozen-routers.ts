/** Routers that cannot learn. */
import type { AdapterSpec } from '../adapters/adapter-spec.js';

/**
 * What people should know of routers that select one of several experts: its gate, divided by the sum of the selected,
 * is always 1, so that no gradient of the loss reaches them. Undefined where there are none, and where a loss of the
 * routers themselves teaches them.
 */
export function frozenRouterNote(
  { projections, router }: Pick<AdapterSpec, 'projections' | 'router'>,
  routerLoss: unknown,
): string | undefined {
  if (router.name !== 'top-k' || routerLoss !== undefined) return undefined;
  const frozen = projections.filter(({ ranks, topK }) => ranks.length > 1 && topK === 1);
  if (frozen.length === 0) return undefined;
  return (
    `the routers of ${frozen.length} of ${projections.length} projections select 1 of several experts, whose weight is ` +
    `then always 1: they do not learn, and choose as they were made; select 2, or give a balance loss`
  );
}
