/** How alpha and correlation traps went over training, by checkpoint. */
import { blockLabel } from '@alphalora/documents';
import {
  type AnalysisSeries,
  type TrapSeries,
  trapped,
  trapVerdictText,
} from '@alphalora/documents/comparison';
import { alphaChart, depthStyle } from '../charts/series.js';
import type { Facts } from '../facts.js';
import { count, decimal, list } from '../format.js';
import { type Content, type Html, html } from '../html.js';
import { short, step } from './heat-map.js';

/** Matrices with traps that the page lists. */
const MOST_TRAPPED = 40;

/** Nothing where there is one analysis only. */
export function seriesSection({ series, fixedCut }: Facts): Content {
  if (!series) return undefined;
  const { checkpoints, blocks, mean, traps } = series;
  const names = checkpoints.map(({ name }) => name);
  const last = Math.max(1, blocks.length - 1);
  const lines = blocks.map(({ alpha }, i) => ({ alpha, depth: i / last }));
  return html`<section aria-labelledby="series"><h2 id="series">Over training</h2>
<p>${sentences(series).join(' ')}</p>
${
  blocks.length > 0 &&
  html`<div class="charts"><figure>${alphaChart(names, lines, 'Alpha of every block by checkpoint')}<figcaption>A line for each block, from the first <span class="swatch" style="${depthStyle('background', 0)}"></span> to the last <span class="swatch" style="${depthStyle('background', 1)}"></span></figcaption></figure>
${mean && html`<figure>${alphaChart(names, [mean], 'Mean alpha by checkpoint')}<figcaption>The mean of ${mean.blocks === blocks.length ? 'the blocks' : `the ${mean.blocks} blocks that have an alpha at every checkpoint`}</figcaption></figure>`}</div>
${alphaTable(series, names, fixedCut)}`
}
${traps && trapTable(traps, names)}
</section>`;
}

function sentences({ checkpoints, options, blocks, mean, traps }: AnalysisSeries): string[] {
  const [first, last] = [checkpoints[0]!.name, checkpoints.at(-1)!.name];
  const changes = blocks.filter(({ change }) => change !== undefined);
  const apart = changes.filter(({ overlap }) => overlap === false);
  const known = changes.filter(({ overlap }) => overlap !== undefined);
  const said = [
    `${count(checkpoints.length, 'checkpoint')}, from ${first} to ${last}; the rest of this page is about ${last}.`,
  ];
  const differing = Object.keys(options);
  if (differing.length > 0) {
    said.push(
      `They were not measured alike (${list(differing)}): the alphas cannot be compared as they are.`,
    );
  }
  if (mean) {
    said.push(`Mean alpha went from ${decimal(mean.alpha[0]!)} to ${decimal(mean.alpha.at(-1)!)}.`);
  }
  if (known.length > 0) {
    said.push(
      `The 95 % intervals of the first and the last checkpoint are apart in ${apart.length} of ${count(known.length, 'block')}.`,
    );
  }
  said.push(
    traps
      ? `Correlation traps, eigenvalues that stand out of the bulk even with the elements of a matrix in random order: ${trapVerdictText(traps.model)}.`
      : 'Correlation traps were not measured: analyze --metrics randomised measures them.',
  );
  if (traps && traps.unmeasured.length > 0) {
    said.push(`They were not measured at ${list(traps.unmeasured)}.`);
  }
  return said;
}

function alphaTable({ blocks }: AnalysisSeries, names: readonly string[], fixedCut: boolean): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of alpha by block and checkpoint"><table class="heat"><caption class="unseen">Alpha by block (rows) and checkpoint (columns)</caption>
<thead><tr><th scope="col">Block</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${blocks.map((block) => html`<tr><th scope="row">${blockLabel(block)}</th>${block.alpha.map((alpha) => (alpha === null ? html`<td></td>` : html`<td class="h${step(alpha, fixedCut)}">${short(alpha)}</td>`))}</tr>`)}</tbody></table></div>`;
}

function trapTable(traps: TrapSeries, names: readonly string[]): Content {
  const found = trapped(traps);
  if (found.length === 0) return undefined;
  const more = found.length - MOST_TRAPPED;
  return html`<h3>Correlation traps</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Table of correlation traps by matrix and checkpoint"><table class="compact"><caption class="unseen">Correlation traps (${traps.metric}) by matrix and checkpoint</caption>
<thead><tr><th scope="col">Matrix</th>${names.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">In all</th></tr></thead>
<tbody>${found.slice(0, MOST_TRAPPED).map((row) => html`<tr><th scope="row"><code>${row.name}</code></th>${row.counts.map((traps) => html`<td>${traps === null ? '' : traps}</td>`)}<td>${trapVerdictText(row)}</td></tr>`)}</tbody></table></div>${more > 0 && html`<p>and ${more} more</p>`}`;
}
