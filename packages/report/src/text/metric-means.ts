/** The means of all metrics of a model, in as few lines as there can be. */

import type { Analysis } from '@alphalora/contracts';
import { metricMeans } from '@alphalora/documents';
import { count, significant } from './numbers.js';
import type { Terminal } from './terminal.js';

/** Nothing where nothing was measured. */
export function metricMeanLines(analysis: Analysis, { columns = 120 }: Terminal): string {
  const means = Object.entries(metricMeans(analysis));
  if (means.length === 0) return '';
  const most = Math.max(...means.map(([, { matrices }]) => matrices));
  const parts = means.map(
    ([name, mean], i) => text(name, mean, most) + (i < means.length - 1 ? ',' : ''),
  );
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + part.length > columns) lines.push(`  ${part}`);
    else lines[lines.length - 1] = `${line} ${part}`;
  }
  return `means over ${count(most, 'matrix', 'matrices')}\n${lines.join('\n')}\n`;
}

/** Fewer matrices than the most are told. */
function text(
  name: string,
  { mean, matrices }: ReturnType<typeof metricMeans>[string],
  most: number,
): string {
  return `${name} ${significant(mean)}${matrices < most ? ` (${matrices})` : ''}`;
}
