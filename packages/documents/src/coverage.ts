/** How much of a model the scores of an analysis rest on. */
import type { Analysis, MatrixRow } from '@alphalora/contracts';

/**
 * The share of the parameters of the blocks' projections whose alphas count: those of rows that were skipped
 * or failed, or whose fits say nothing, do not. 1 where there are none at all.
 */
export function coverageOf({ matrices }: Pick<Analysis, 'matrices'>): number {
  const rows = matrices.filter(isProjection);
  const counted = rows.filter((row) => row.status === 'ok' && row.weak === undefined);
  const all = parametersOf(rows);
  return all === 0 ? 1 : parametersOf(counted) / all;
}

function isProjection({ block, kind = 'projection' }: MatrixRow): boolean {
  return block !== undefined && kind === 'projection';
}

function parametersOf(rows: readonly MatrixRow[]): number {
  return rows.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
