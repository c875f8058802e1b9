/** Policies side by side for people: amounts by layer, distances, sensitivities, the scores behind them. */
import type { Change, PolicyComparison } from '@alphalora/allocator/comparison';
import { amountText, resources } from '@alphalora/documents';
import {
  type Column,
  fixed,
  left,
  scoreComparisonText,
  significant,
  tableWithin,
  whole,
} from '@alphalora/report/text';
import { printableData } from './printable.js';

/** Layers that are listed one by one; of more, `--json` has the amounts. */
const MOST_LAYERS = 200;

/**
 * @param options.top layers with the largest differences between scores to list
 * @param options.columns of the terminal, where it is one
 */
export function policyComparisonText(
  compared: PolicyComparison,
  { top, columns: width }: { top: number; columns?: number | undefined },
): string {
  const comparison = printableData(compared);
  const { layers, policies, budget, distances, scores, omitted, agreement } = comparison;
  const { unit } = budget;
  const { amount: title } = resources[unit];
  const labels: Column[] = policies.map(({ label }) => ({ title: label }));
  const named = layers.some(({ name }) => name !== undefined);
  const layerColumn: Column = named ? left('projection') : { title: 'block' };
  const rows = layers
    .slice(0, MOST_LAYERS)
    .map(({ name, block, scores: own }, i) => [
      ...[name ?? String(block), ...scores.map((score) => scoreText(score, own[score.name]!))],
      ...policies.map(({ amounts }) => amountText(amounts[i], unit)),
    ]);
  const more = layers.length - rows.length;
  const none = scores.slice(1).map(() => '');
  const totals = [
    ['', ...none, resources[unit].whole ? 'total' : 'mean', ...policies.map(total)],
    ...(policies.some(({ parameters }) => parameters)
      ? [
          [
            ...['', ...none, 'parameters'],
            ...policies.map(({ parameters }) => (parameters ? whole(parameters.trainable) : '-')),
          ],
        ]
      : []),
  ];
  const files = [...new Set(scores.map(({ file }) => file))];
  const sections = [
    `${title} by ${budget.per ?? 'block'}, from ${files.join(', ')} (${scores[0]!.source})\n\n` +
      tableWithin(
        width,
        [layerColumn, ...scores.map((score) => ({ title: titleOf(score, scores) })), ...labels],
        [...rows, ...totals],
      ) +
      (more > 0 ? `and ${more} more: --json lists all\n` : '') +
      omitted.map(({ label, score, reason }) => `${label}@${score} left out: ${reason}\n`).join(''),
    `distance between policies (sum of the differences' sizes, in ${title})\n\n` +
      tableWithin(
        width,
        [left(''), ...labels],
        policies.map(({ label }, i) => [label, ...distances[i]!.map(length)]),
      ),
  ];
  const changes = [
    ...new Map(
      policies.flatMap(({ sensitivity }) =>
        sensitivity.map(({ change }) => [JSON.stringify(change), change] as const),
      ),
    ),
  ];
  if (changes.length > 0) {
    const sensitivityRows = policies.map(({ label, sensitivity }) => {
      const found = new Map(
        sensitivity.map(({ change, distance }) => [JSON.stringify(change), distance]),
      );
      return [label, ...changes.map(([key]) => length(found.get(key)))];
    });
    sections.push(
      'sensitivity: distance of an allocation from the one above when this is different\n\n' +
        tableWithin(
          width,
          [left(''), ...changes.map(([, change]) => ({ title: words(change) }))],
          sensitivityRows,
        ),
    );
  }
  if (agreement) sections.push(scoreComparisonText(agreement, { top, columns: width }));
  return sections.join('\n');

  function total({ amounts }: PolicyComparison['policies'][0]): string {
    const sum = amounts.reduce((a, b) => a + b, 0);
    return amountText(resources[unit].whole ? sum : sum / amounts.length, unit);
  }

  function length(distance: number | undefined): string {
    return distance === undefined ? '-' : amountText(distance, unit);
  }
}

function scoreText({ of }: PolicyComparison['scores'][0], value: number): string {
  return of === 'alpha' ? fixed(value) : significant(value);
}

/** Of a single score what it is, of several their names. */
function titleOf(
  { name, of }: PolicyComparison['scores'][0],
  { length }: readonly unknown[],
): string {
  return length === 1 && of === 'alpha' ? 'alpha' : name;
}

function words(change: Change): string {
  return 'aggregate' in change ? `aggregate ${change.aggregate}` : `beta ${change.beta}`;
}
