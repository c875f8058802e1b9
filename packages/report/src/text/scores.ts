/** Scores of one model side by side for people: how alike their orders are, and where they are not. */
import { blockLabel, printableData } from '@alphalora/documents';
import type { RankCorrelation, ScoreComparison } from '@alphalora/documents/comparison';
import { fixed, tenths, whole } from './numbers.js';
import { type Column, left, table, tableWithin } from './table.js';

/** @param options.top layers with the largest differences of ranks to list */
export function scoreComparisonText(
  compared: ScoreComparison,
  options: { top: number; columns?: number | undefined },
): string {
  const comparison = printableData(compared);
  const { blocks, projections, scores } = comparison;
  const names = scores.map(({ name }) => name);
  const sections = [
    `rank correlation of the scores (Spearman)\n\n${correlationTable(comparison, options.columns)}\n${sources(scores)}`,
  ];
  const { top } = options;
  if (top > 0 && blocks.length > 0) {
    const label = (row: (typeof blocks)[0]): string => blockLabel({ ...row, index: row.block });
    sections.push(
      head('blocks', blocks.length) +
        disagreements({ title: 'block' }, names, blocks.slice(0, top), label),
    );
  }
  if (top > 0 && projections.length > 0) {
    const known = scores.filter((score) => score.projections > 0).map(({ name }) => name);
    const rows = projections.slice(0, top);
    sections.push(
      head('projections', projections.length) +
        disagreements(left('projection'), known, rows, ({ name }) => name),
    );
  }
  return sections.join('\n');
}

/** A line for each file. */
function sources(scores: ScoreComparison['scores']): string {
  return [...new Set(scores.map(({ source }) => source))]
    .map((file) => {
      const own = scores.filter(({ source }) => source === file).map(({ name }) => name);
      return `${file}: ${own.join(', ')}\n`;
    })
    .join('');
}

function correlationTable({ correlations }: ScoreComparison, width: number | undefined): string {
  const roles = [...new Set(correlations.flatMap((pair) => Object.keys(pair.roles)))];
  const cellsOf = (pair: (typeof correlations)[0]): Array<RankCorrelation | undefined> => [
    ...[pair.blocks, pair.projections],
    ...roles.map((role) => (Object.hasOwn(pair.roles, role) ? pair.roles[role] : undefined)),
  ];
  const rows = correlations.map((pair) => ({ pair, cells: cellsOf(pair) }));
  const counts = rows[0]!.cells.map((_, i) =>
    Math.max(...rows.map(({ cells }) => cells[i]?.count ?? 0)),
  );
  const columns: Column[] = ['blocks', 'projections', ...roles].map((title) => ({ title }));
  const few = rows.some(({ cells }) => cells.some((cell) => cell?.few && cell.count > 0));
  const partial = rows.some(({ cells }) =>
    cells.some((cell, i) => cell && cell.count > 0 && cell.count < counts[i]!),
  );
  return (
    tableWithin(
      width,
      [left(''), ...columns],
      [
        ['values', ...counts.map(whole)],
        ...rows.map(({ pair, cells }) => [
          `${pair.a}, ${pair.b}`,
          ...cells.map((cell, i) => correlationText(cell, counts[i]!)),
        ]),
      ],
    ) +
    (few ? '* fewer than 5 values: says next to nothing\n' : '') +
    (partial ? 'in brackets: the number of values where a pair has fewer\n' : '')
  );
}

function correlationText(cell: RankCorrelation | undefined, most: number): string {
  if (cell?.spearman === undefined) return '-';
  const { spearman, count, few } = cell;
  const fewer = count < most ? ` (${count})` : '';
  return `${fixed(spearman, 2)}${few ? '*' : ''}${fewer}`;
}

function head(layers: string, count: number): string {
  return `where the scores disagree most: ranks among ${whole(count)} ${layers}, 1 for the largest score\n\n`;
}

function disagreements<Row extends ScoreComparison['blocks'][0]>(
  title: Column,
  names: readonly string[],
  rows: readonly Row[],
  label: (row: Row) => string,
): string {
  return table(
    [title, ...names.map((name) => ({ title: name })), { title: 'difference' }],
    rows.map((row) => [
      label(row),
      ...names.map((name) => tenths(row.ranks[name]!)),
      tenths(row.difference),
    ]),
  );
}
