/** What several policies ask of the scores and the budget, with errors that name the layer. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { PolicyBudget, PolicyLayer } from '@alphalora/contracts/extensions';

/** @throws AlphaLoraError `INVALID_OPTION` when a score is not above `bound` (or equal, if `inclusive`) */
export function requireScores(
  policy: string,
  layers: readonly PolicyLayer[],
  bound: number,
  inclusive = false,
): void {
  const odd = layers.find(({ score }) => !(inclusive ? score >= bound : score > bound));
  if (!odd) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `policy ${policy} needs scores ${inclusive ? 'of at least' : 'above'} ${bound}; layer ` +
      `${odd.name ?? odd.index} has ${odd.score}`,
    { details: { policy, layer: odd.index } },
  );
}

/** @throws AlphaLoraError `INVALID_OPTION` when the request has no total */
export function requireTotal(policy: string, { total, resource }: PolicyBudget): number {
  if (total !== undefined) return total;
  throw new AlphaLoraError('INVALID_OPTION', `policy ${policy} needs a total of ${resource}`, {
    details: { policy },
  });
}
