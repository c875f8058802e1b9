/** The means of all metrics over the measured matrices, to be opened. */
import type { Analysis } from '@alphalora/contracts';
import { metricMeans } from '@alphalora/documents';
import { count, significant } from '../format.js';
import { type Html, html } from '../html.js';

export function metricMeansDetails(analysis: Analysis): Html {
  const means = Object.entries(metricMeans(analysis));
  const most = Math.max(...means.map(([, { matrices }]) => matrices));
  return html`<details data-print><summary>Means of the metrics over ${count(most, 'matrix', 'matrices')}</summary>
<dl class="metrics">${means.map(([name, { mean, matrices }]) => html`<div><dt>${name}${matrices < most && ` (of ${matrices})`}</dt><dd>${significant(mean)}</dd></div>`)}</dl></details>`;
}
