/** Two models side by side for people. */
import { printableData } from '@alphalora/documents';
import type { ModelComparison } from '@alphalora/documents/comparison';
import { count, fixed, shape, significant } from './numbers.js';
import { type Column, left, table } from './table.js';

/** Matrices without a partner that a line names. */
const MOST_NAMED = 3;

/** @param options.top matrices with the largest changes, relative to their norm, to list */
export function modelComparisonText(compared: ModelComparison, { top }: { top: number }): string {
  const { a, b, matrices, mean } = printableData(compared);
  const hasCka = mean.cka !== undefined;
  const columns: Column[] = [
    ...[left('largest differences'), { title: 'shape', align: 'right' as const }],
    ...[{ title: '‖a - b‖' }, { title: 'relative' }, ...(hasCka ? [{ title: 'CKA' }] : [])],
  ];
  const cells = (row: ModelComparison['mean']): string[] => [
    significant(row.euclidean),
    row.relative === undefined ? '-' : significant(row.relative),
    ...(hasCka ? [fixed(row.cka, 6)] : []),
  ];
  const largest = matrices
    .toSorted((one, other) => (other.relative ?? 0) - (one.relative ?? 0))
    .slice(0, top);
  const rows = [
    ...largest.map((row) => [row.name, shape(row.shape), ...cells(row)]),
    [`mean of ${count(matrices.length, 'matrix', 'matrices')}`, '', ...cells(mean)],
  ];
  const equal = matrices.filter(({ raw }) => raw === 0).length;
  const sections = [
    `a: ${named(a)}\nb: ${named(b)}\n`,
    table(columns, rows),
    ...(equal > 0 ? [`${equal} of ${matrices.length} are the same in both\n`] : []),
    ...(a.unmatched.length + b.unmatched.length > 0 ? [alone('a', a) + alone('b', b)] : []),
  ];
  return sections.join('\n');
}

function named({ source, architecture }: ModelComparison['a']): string {
  return architecture === undefined ? source : `${source} (${architecture})`;
}

function alone(label: string, { unmatched }: ModelComparison['a']): string {
  if (unmatched.length === 0) return '';
  const names = unmatched.slice(0, MOST_NAMED).map(({ name, reason }) => `${name}: ${reason}`);
  const more = unmatched.length > MOST_NAMED ? '; ...' : '';
  return `${label}: ${unmatched.length} without a partner: ${names.join('; ')}${more}\n`;
}
