/**
 * What every projection gets, as a coloured table with the rows and columns of the map of alphas
 * above it, where the budget is one per projection.
 */
import type { AllocatedProjection } from '@alphalora/contracts';
import { amountOf, labelOf } from '@alphalora/documents';
import { group, mean } from 'd3-array';
import type { AllocationFacts } from '../allocation.js';
import type { Facts } from '../facts.js';
import { count } from '../format.js';
import { type Content, type Html, html } from '../html.js';

/** Colours from the lowest to the highest amount. */
const COLOURS = 7;

/** @param order roles in the order of the other map */
export function amountMap({ allocation, blocks }: Facts, order: readonly string[]): Content {
  if (!allocation?.projections) return undefined;
  const { words, projections } = allocation;
  const byRole = group(projections, labelOf, ({ block }) => block);
  const roles = [
    ...order.filter((role) => byRole.has(role)),
    ...[...byRole.keys()].filter((role) => !order.includes(role)),
  ];
  const several =
    projections.length > [...byRole.values()].reduce((all, { size }) => all + size, 0);
  const scale = scaleOf(allocation);
  const selection = allocation.budget.unit === 'selection';
  const unit = words.fraction
    ? ', in percent'
    : selection
      ? ', 1 for trained and 0 for frozen'
      : '';
  return html`<h3 id="amounts">${words.title} of each projection</h3>
<p>What each projection gets${unit}: the stronger the colour, the more.${several && ' Where a block has several matrices of one kind, the cell is their mean.'} The last row has ${words.adds ? 'the sums of the blocks' : 'the averages of the blocks'}.</p>
${legend(scale)}
<div class="scroll" tabindex="0" role="region" aria-labelledby="amounts"><table class="heat tight"><caption class="unseen">${words.title} by projection (rows) and block (columns)</caption>
<thead><tr><th scope="col">Block</th>${blocks.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${roles.map((role) => html`<tr><th scope="row">${role}</th>${blocks.map(({ index, label }) => cell(byRole.get(role)?.get(index), `Block ${label} ${role}: `, scale))}</tr>`)}
<tr class="whole"><th scope="row">${words.adds ? 'sum' : 'block'}</th>${blocks.map(({ amount }) => html`<td${!words.adds && amount !== undefined && html` class="${scale.colour(amount)}"`}>${amount !== undefined && words.short(amount)}</td>`)}</tr></tbody></table></div>`;
}

interface Scale {
  allocation: AllocationFacts;
  ends: readonly [lowest: number, highest: number];
  colour: (amount: number) => string;
}

function scaleOf(allocation: AllocationFacts): Scale {
  const amounts = allocation.layers.map(({ amount }) => amount);
  const ends = [Math.min(...amounts), Math.max(...amounts)] as const;
  const [lowest, highest] = ends;
  const place = (amount: number): number =>
    highest > lowest ? (amount - lowest) / (highest - lowest) : 0.5;
  return { allocation, ends, colour: (amount) => `g${Math.round(place(amount) * (COLOURS - 1))}` };
}

function cell(
  projections: readonly AllocatedProjection[] = [],
  name: string,
  { allocation: { words, budget }, colour }: Scale,
): Html {
  const amount = mean(projections, (projection) => amountOf(projection, budget.unit));
  if (amount === undefined) return html`<td></td>`;
  const several =
    projections.length > 1 ? `, mean of ${count(projections.length, 'matrix', 'matrices')}` : '';
  return html`<td class="${colour(amount)}" title="${name}${words.phrase(amount)}${several}">${words.short(amount)}</td>`;
}

function legend({ allocation: { words }, ends }: Scale): Content {
  const [lowest, highest] = ends;
  if (lowest === highest) return undefined;
  const swatches = Array.from(
    { length: COLOURS },
    (_, i) => html`<span class="swatch g${i}"></span>`,
  );
  return html`<ul class="legend" aria-label="Colours"><li>${words.number(lowest)} <span class="ramp">${swatches}</span> ${words.number(highest)}</li></ul>`;
}
