/** The stacks of blocks beside the main one, such as vision towers: their alphas by block, as numbers. */
import type { Analysis, BlockRow } from '@alphalora/contracts';
import { mean } from 'd3-array';
import type { Facts } from '../facts.js';
import { count, decimal, range } from '../format.js';
import { type Content, type Html, html } from '../html.js';

type Stack = NonNullable<Analysis['stacks']>[number];

export function stacksSection({ analysis: { stacks = [], model } }: Facts): Content {
  if (stacks.length === 0) return undefined;
  const main = model.stack === undefined ? 'the main one' : html`<code>${model.stack}</code>`;
  return html`<section aria-labelledby="stacks"><h2 id="stacks">Other stacks</h2>
<p>The model has other stacks of blocks than ${main}, which the rest of this page is about: they are numbered by themselves, and in no average with it.</p>
${stacks.map(stackText)}
</section>`;
}

function stackText({ name, reason, blocks }: Stack): Html {
  const alpha = mean(blocks, (block) => block.alpha);
  const words =
    alpha === undefined
      ? 'none of its matrices was measured'
      : `alpha ${decimal(alpha)} on average`;
  return html`<details data-print><summary><code>${name}</code>: ${count(blocks.length, 'block')}, ${words}${reason !== undefined && ` (${reason})`}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Blocks of ${name} in numbers"><table class="compact"><caption class="unseen">Alpha of every block of ${name}</caption>
<thead><tr><th scope="col">Block</th><th scope="col">Alpha</th><th scope="col">95 % interval</th><th scope="col">Matrices</th><th scope="col">Their alphas</th></tr></thead>
<tbody>${blocks.map(blockCells)}</tbody></table></div></details>`;
}

function blockCells({ index, alpha, interval, matrices, range: ends }: BlockRow): Html {
  return html`<tr><th scope="row">${index}</th><td>${alpha !== undefined && decimal(alpha)}</td><td>${interval && range(interval)}</td><td>${matrices}</td><td>${ends && range(ends)}</td></tr>`;
}
