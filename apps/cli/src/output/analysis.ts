/** An analysis for people: alpha by block and role, and what was left out. */
import type { Analysis, MatrixRow } from '@alphalora/contracts';
import type { Output } from '../io.js';
import { type Column, table } from './table.js';

export function analysisTable(analysis: Analysis, output: Output): string {
  const { model, blocks } = analysis;
  const ok = analysis.matrices.filter((row) => row.status === 'ok');
  const title =
    `${model.source}${model.architecture ? ` (${model.architecture})` : ''}: ` +
    `${blocks.length} blocks, ${ok.length} matrices measured with ${analysis.options.estimator}\n\n`;
  if (blocks.length === 0) {
    const rows = ok.map((row) => [row.name, row.alpha.toFixed(3), String(row.tail)]);
    return (
      title +
      table([{ title: 'matrix', align: 'left' }, { title: 'alpha' }, { title: 'tail' }], rows)
    );
  }
  const roles = [...new Set(ok.flatMap((row) => (inBlock(row) ? [row.role!] : [])))];
  const alphaOf = (block: number, role: string): string => {
    const alphas = ok.filter((row) => row.block === block && row.role === role && inBlock(row));
    // Several matrices share a role in a mixture of experts.
    return fixed(mean(alphas.map((row) => row.alpha)));
  };
  const rows = blocks.map(({ index, alpha }) => [
    String(index),
    fixed(alpha),
    ...roles.map((role) => alphaOf(index, role)),
  ]);
  const columns: Column[] = [{ title: 'block' }, { title: 'alpha' }];
  const full = table([...columns, ...roles.map((role) => ({ title: role }))], rows);
  const fits = full.indexOf('\n') <= (output.columns ?? 120);
  return (
    title +
    (fits
      ? full
      : table(
          columns,
          rows.map((row) => row.slice(0, 2)),
        ))
  );
}

function inBlock(row: MatrixRow): boolean {
  return row.block !== undefined && row.role !== undefined && row.kind === 'projection';
}

/** What was not measured and why: failures one by one, skipped weights by reason. */
export function omissions(analysis: Analysis): string {
  const lines = failedRows(analysis).map((row) => `failed: ${row.name}: ${row.reason}\n`);
  const reasons = new Map<string, number>();
  for (const row of analysis.matrices) {
    if (row.status === 'skipped') reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1);
  }
  const skipped = [...reasons].map(([reason, count]) => `${count} × ${reason}`).join('; ');
  return lines.join('') + (skipped && `skipped: ${skipped}\n`);
}

export function failedRows(analysis: Analysis): Array<MatrixRow & { status: 'failed' }> {
  return analysis.matrices.filter((row) => row.status === 'failed') as never;
}

export function fixed(value: number | undefined, digits = 3): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
