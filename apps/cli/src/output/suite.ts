/** The benchmarks of a suite as a table. */
import type { SuiteEvaluation } from '@alphalora/molora-tfjs/node';
import { left, table } from '@alphalora/report/text';

export function suiteText({ suite, benchmarks, meanAccuracy, present }: SuiteEvaluation): string {
  const rows = benchmarks.map(({ task, evaluation, accuracy }) =>
    evaluation
      ? [
          task,
          accuracy!.toFixed(4),
          String(evaluation.examples),
          evaluation.split ?? '',
          evaluation.scoring ?? '',
        ]
      : [task, 'missing', '', '', ''],
  );
  const columns = [
    left('benchmark'),
    { title: 'accuracy' },
    { title: 'examples' },
    left('split'),
    left('scored by'),
  ];
  return (
    `${table(columns, rows)}` +
    `mean accuracy over the ${present} of ${benchmarks.length} benchmarks of ${suite} that are there: ${meanAccuracy.toFixed(4)}\n`
  );
}
