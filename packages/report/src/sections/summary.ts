/** The head of the page: which model, what was done, and what it says in sentences. */

import { mean } from 'd3-array';
import { expertsIn, type Facts } from '../facts.js';
import { findings } from '../findings.js';
import { count, decimal, whole } from '../format.js';
import { type Content, type Html, html } from '../html.js';

export function summarySection(facts: Facts): Html {
  const { model } = facts.analysis;
  const identity: [string, Content][] = [
    ['Source', html`<code>${model.source}</code>`],
    ['Architecture', model.architecture],
    ['Adapter', model.adapter && html`<code>${model.adapter}</code>`],
    ['Weights', model.digest && html`<code class="digest">${model.digest}</code>`],
  ];
  return html`<header class="top">
<p class="kicker">Heavy-tail report${facts.allocation && html` and allocation of LoRA experts`}</p>
<h1>${titleOf(model.source)}</h1>
<dl class="identity">${identity.map(([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<dl class="figures">${figures(facts).map(([name, value, note]) => html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>
</header>
<section aria-labelledby="says">
<h2 id="says">What this says</h2>
<dl class="findings">${findings(facts).map(({ topic, sentences }) => html`<div><dt>${topic}</dt><dd>${sentences.join(' ')}</dd></div>`)}</dl>
</section>`;
}

/** The last part of a path or address: what people call the model. */
export function titleOf(source: string): string {
  return source.split(/[\\/]/).findLast((part) => part !== '') ?? source;
}

function figures({
  analysis,
  measured,
  skipped,
  failed,
  scored,
  allocation,
}: Facts): [name: string, value: string, note: string][] {
  const average = mean(scored, ({ alpha }) => alpha);
  return [
    ['Blocks', whole(analysis.model.blocks), ''],
    [
      'Matrices measured',
      whole(measured.length),
      `${whole(skipped.length)} skipped, ${whole(failed.length)} failed`,
    ],
    ...(average === undefined
      ? []
      : [['Mean alpha', decimal(average), 'of the blocks'] as [string, string, string]]),
    ...(allocation
      ? [
          [
            'Experts',
            whole(expertsIn(allocation)),
            `in ${count(allocation.blocks.length, 'block')}`,
          ] as [string, string, string],
        ]
      : []),
  ];
}
