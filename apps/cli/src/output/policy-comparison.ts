/** Policies side by side for people: amounts by layer, distances, sensitivities. */
import type { Change, PolicyComparison } from '@alphalora/allocator';
import { amountText, resources } from '@alphalora/documents';
import { type Column, fixed, left, table, whole } from '@alphalora/report/text';
import { printableData } from './printable.js';

/** Layers that are listed one by one; of more, `--json` has the amounts. */
const MOST_LAYERS = 200;

export function policyComparisonText(compared: PolicyComparison): string {
  const comparison = printableData(compared);
  const { layers, policies, budget, distances, analyses } = comparison;
  const { unit } = budget;
  const { amount: title } = resources[unit];
  const labels: Column[] = policies.map(({ label }) => ({ title: label }));
  const named = layers.some(({ name }) => name !== undefined);
  const layerColumn: Column = named ? left('projection') : { title: 'block' };
  const rows = layers
    .slice(0, MOST_LAYERS)
    .map(({ name, block, score }, i) => [
      ...[name ?? String(block), fixed(score)],
      ...policies.map(({ amounts }) => amountText(amounts[i], unit)),
    ]);
  const more = layers.length - rows.length;
  const totals = [
    ['', resources[unit].whole ? 'total' : 'mean', ...policies.map(total)],
    ...(policies.some(({ parameters }) => parameters)
      ? [
          [
            '',
            'parameters',
            ...policies.map(({ parameters }) => (parameters ? whole(parameters.trainable) : '-')),
          ],
        ]
      : []),
  ];
  const sections = [
    `${title} by ${budget.per ?? 'block'}, from ${analyses[0]!.file} (${analyses[0]!.source})\n\n` +
      table([layerColumn, { title: 'alpha' }, ...labels], [...rows, ...totals]) +
      (more > 0 ? `and ${more} more: --json lists all\n` : ''),
    `distance between policies (sum of the differences' sizes, in ${title})\n\n` +
      table(
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
        table(
          [left(''), ...changes.map(([, change]) => ({ title: words(change, comparison) }))],
          sensitivityRows,
        ),
    );
  }
  return sections.join('\n');

  function total({ amounts }: PolicyComparison['policies'][0]): string {
    const sum = amounts.reduce((a, b) => a + b, 0);
    return amountText(resources[unit].whole ? sum : sum / amounts.length, unit);
  }

  function length(distance: number | undefined): string {
    return distance === undefined ? '-' : amountText(distance, unit);
  }
}

function words(change: Change, { analyses }: PolicyComparison): string {
  if ('aggregate' in change) return `aggregate ${change.aggregate}`;
  if ('beta' in change) return `beta ${change.beta}`;
  const { estimator } = analyses.find(({ file }) => file === change.analysis)!;
  return analyses[0]!.estimator === estimator ? change.analysis : `estimator ${estimator}`;
}
