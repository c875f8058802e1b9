/** An analysis for people: alpha by block and role, and what was left out. */
import type { AnalysedRow, Analysis, BlockRow, MatrixRow } from '@alphalora/contracts';
import type { Output } from '../io.js';
import { type Column, table } from './table.js';

/** Rows of the table of matrices outside of blocks; the document has all. */
const MOST_ROWS = 40;

export function analysisTable(analysis: Analysis, output: Output): string {
  const { model, blocks } = analysis;
  const ok = analysis.matrices.filter((row) => row.status === 'ok');
  const title =
    `${model.source}${model.architecture ? ` (${model.architecture})` : ''}: ` +
    `${blocks.length} blocks, ${ok.length} ${ok.length === 1 ? 'matrix' : 'matrices'} ` +
    `measured with ${analysis.options.estimator}\n`;
  const tables = [
    blocks.some(({ alpha }) => alpha !== undefined) ? blockTable(blocks, ok, output) : '',
    matrixTable(ok.filter((row) => !inBlock(row))),
  ];
  return [title, ...tables.filter((text) => text !== '')].join('\n');
}

/** A row per block, a column per role where they all fit on a line. */
function blockTable(
  blocks: readonly BlockRow[],
  rows: readonly AnalysedRow[],
  output: Output,
): string {
  const measured = rows.filter(inBlock);
  const roles = [...new Set(measured.map((row) => row.role!))];
  const alphaOf = (block: number, role: string): string => {
    // Several matrices share a role in a mixture of experts.
    const alike = measured.filter((row) => row.block === block && row.role === role);
    return fixed(mean(alike.map((row) => row.alpha)));
  };
  const cells = blocks.map(({ index, alpha }) => [
    String(index),
    fixed(alpha),
    ...roles.map((role) => alphaOf(index, role)),
  ]);
  const columns: Column[] = [{ title: 'block' }, { title: 'alpha' }];
  const full = table([...columns, ...roles.map((role) => ({ title: role }))], cells);
  if (full.indexOf('\n') <= (output.columns ?? 120)) return full;
  return table(
    columns,
    cells.map((row) => row.slice(0, 2)),
  );
}

function matrixTable(rows: readonly AnalysedRow[]): string {
  if (rows.length === 0) return '';
  const columns: Column[] = [
    { title: 'matrix', align: 'left' },
    { title: 'alpha' },
    { title: 'tail' },
  ];
  const shown = rows.slice(0, MOST_ROWS);
  const cells = shown.map((row) => [row.name, fixed(row.alpha), String(row.tail)]);
  const more = rows.length > MOST_ROWS ? `and ${rows.length - MOST_ROWS} more\n` : '';
  return table(columns, cells) + more;
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
