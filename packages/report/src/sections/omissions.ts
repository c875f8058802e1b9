/** What was not measured and why: nothing is dropped silently. */
import { group } from 'd3-array';
import type { Facts } from '../facts.js';
import { count, shape } from '../format.js';
import { type Html, html } from '../html.js';

export function omissionsSection({ skipped, failed }: Facts): Html {
  const reasons = [...group(skipped, ({ reason }) => reason)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  return html`<section aria-labelledby="omitted"><h2 id="omitted">Left out</h2>
${
  failed.length > 0 &&
  html`<h3>Failed</h3><ul class="failures">${failed.map(({ name, reason }) => html`<li><code>${name}</code>: ${reason}</li>`)}</ul>`
}
${failed.length === 0 && html`<p>Nothing failed${skipped.length === 0 && ', and nothing was skipped'}.</p>`}
${
  skipped.length > 0 &&
  html`<h3>Skipped</h3>${reasons.map(
    ([reason, rows]) =>
      html`<details><summary>${count(rows.length, 'tensor')}: ${reason}</summary><ul class="names">${rows.map((row) => html`<li><code>${row.name}</code> <small>${shape(row.shape)}</small></li>`)}</ul></details>`,
  )}`
}</section>`;
}
