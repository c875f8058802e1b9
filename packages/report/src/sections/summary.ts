/** The head of the page: which model, what was done, and what it says in sentences. */

import { mean } from 'd3-array';
import type { AllocationFacts } from '../allocation.js';
import type { Facts } from '../facts.js';
import { findings } from '../findings.js';
import { count, decimal, whole } from '../format.js';
import { type Content, type Html, html } from '../html.js';

export function summarySection(facts: Facts): Html {
  const { model } = facts.analysis;
  const identity: [string, Content][] = [
    ['Source', html`<code>${model.source}</code>`],
    ['Architecture', model.architecture],
    ['Adapter', model.adapter && html`<code>${model.adapter}</code>`],
    ['Base', model.base && html`<code>${model.base}</code>`],
    ['Weights', model.digest && html`<code class="digest">${model.digest}</code>`],
  ];
  return html`<header class="top">
<p class="kicker">Heavy-tail report${facts.allocation && html` and allocation of ${facts.allocation.words.plural}`}</p>
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

type Figure = [name: string, value: string, note: string];

function figures({ analysis, measured, skipped, failed, scored, allocation }: Facts): Figure[] {
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
      : [['Mean alpha', decimal(average), 'of the blocks'] satisfies Figure]),
    ...(allocation ? allocated(allocation) : []),
  ];
}

/** What there is of the resource in all, and what adapters cost where that says more. */
function allocated(allocation: AllocationFacts): Figure[] {
  const { budget, words, sum, average, layers, blocks, projections, parameters } = allocation;
  const inside = count(blocks.length, 'block');
  const where = projections ? `in ${count(projections.length, 'projection')}` : `in ${inside}`;
  const figure = ((): Figure => {
    if (sum !== undefined) {
      return [words.sum, whole(sum), where];
    }
    if (words.weighted)
      return [`Average ${words.title.toLowerCase()}`, words.number(average), where];
    const amounts = layers.map(({ amount }) => amount);
    const ends = [Math.min(...amounts), Math.max(...amounts)].map(words.number);
    return [`${words.title} times`, ends.join('–'), where];
  })();
  const limit = budget.measure === 'parameters' ? budget.total : undefined;
  if (!parameters || (words.routed && limit === undefined)) return [figure];
  const note = limit === undefined ? '' : `of at most ${whole(limit)}`;
  return [figure, ['Trainable parameters', whole(parameters.trainable), note]];
}
