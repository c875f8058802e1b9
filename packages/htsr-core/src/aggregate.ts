/**
 * From the alphas of a block's projections to the block's alpha: the layer score of AlphaLoRA
 * (arXiv 2410.10054, section 3.2) is their unweighted mean. The median ignores a single wild fit.
 */
import type { Aggregate, AnalysedRow, BlockRow, MatrixRow } from '@alphalora/contracts';

const aggregates: Record<Aggregate, (values: readonly number[]) => number> = {
  mean: (values) => values.reduce((total, value) => total + value, 0) / values.length,
  median: (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  },
};

/** One row per block index from 0 to `blocks - 1`, aggregated over its analysed projections. */
export function aggregateBlocks(
  rows: readonly MatrixRow[],
  blocks: number,
  aggregate: Aggregate,
): BlockRow[] {
  return Array.from({ length: blocks }, (_, index) => {
    const alphas = rows.filter((row) => countsFor(row, index)).map((row) => row.alpha);
    return {
      index,
      ...(alphas.length > 0 && { alpha: aggregates[aggregate](alphas) }),
      matrices: alphas.length,
    };
  });
}

function countsFor(row: MatrixRow, block: number): row is AnalysedRow {
  return row.status === 'ok' && row.block === block && (row.kind ?? 'projection') === 'projection';
}
