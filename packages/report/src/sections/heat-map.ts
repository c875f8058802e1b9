/**
 * Alpha of every projection of every block as a coloured table: a table, because then every cell has
 * its number and its headers for whoever cannot tell the colours apart.
 */

import { alphaBounds, type UnanalysedRow, warningOf } from '@alphalora/contracts';
import { group, mean } from 'd3-array';
import type { Facts, InBlock } from '../facts.js';
import { count, decimal } from '../format.js';
import { type Content, type Html, html } from '../html.js';
import { amountMap } from './amount-map.js';

const { overTrained, underTrained, spurious } = alphaBounds;

/** Lower bounds of the colours after the first. */
const STEPS: readonly number[] = [overTrained, 2.5, 3, 3.5, 4, 5, underTrained, spurious];

/** How many of the bounds are of no warning; at a given cut there are no others. */
const UNMARKED = 6;

/** The class of the colour of an alpha: 0 below 2, 8 above 8; at a given cut the last is 6, from 5 on. */
export function step(alpha: number, fixedCut: boolean): number {
  // The warnings begin above their bounds, not at them.
  return boundsOf(fixedCut).filter((bound, i) => (i < UNMARKED ? alpha >= bound : alpha > bound))
    .length;
}

function boundsOf(fixedCut: boolean): readonly number[] {
  return fixedCut ? STEPS.slice(0, UNMARKED) : STEPS;
}

export function heatMapSection(facts: Facts): Content {
  const { projections, blocks, failed, fixedCut } = facts;
  if (projections.length === 0) return undefined;
  const byRole = group(
    projections,
    ({ role }) => role,
    ({ block }) => block,
  );
  const failures = group(
    failed.filter(({ role, block }) => role !== undefined && block !== undefined),
    ({ role }) => role!,
    ({ block }) => block!,
  );
  const averaged = [...byRole.values()].some((row) =>
    [...row.values()].some(({ length }) => length > 1),
  );
  const roles = [...new Set([...byRole.keys(), ...failures.keys()])];
  return html`<section aria-labelledby="map"><h2 id="map">Projections</h2>
<p>Alpha of each projection in each block: the stronger the blue, the less it has learned${!fixedCut && '; orange is under-trained'}.${averaged && ' Where a block has several matrices of one kind, as a mixture of experts has, the cell is their mean.'}</p>
${legend(fixedCut)}
<div class="scroll" tabindex="0" role="region" aria-label="Table of alpha by projection and block"><table class="heat"><caption class="unseen">Alpha by projection (rows) and block (columns)</caption>
<thead><tr><th scope="col">Block</th>${blocks.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${roles.map((role) => html`<tr><th scope="row">${role}</th>${blocks.map(({ index, label }) => cell(role, label, byRole.get(role)?.get(index), failures.get(role)?.get(index), fixedCut))}</tr>`)}
<tr class="whole"><th scope="row">block</th>${blocks.map(({ alpha }) => (alpha === undefined ? html`<td></td>` : html`<td class="h${step(alpha, fixedCut)}">${short(alpha)}</td>`))}</tr></tbody></table></div>${amountMap(facts, roles)}</section>`;
}

function cell(
  role: string,
  block: string,
  rows: readonly InBlock[] = [],
  failures: readonly UnanalysedRow[] = [],
  fixedCut: boolean,
): Html {
  if (rows.length === 0) {
    return failures.length > 0
      ? html`<td class="failed" title="${failures[0]!.reason}"><i aria-hidden="true">✕</i><span class="unseen">failed</span></td>`
      : html`<td></td>`;
  }
  const sound = rows.filter(({ weak }) => weak === undefined);
  const alpha = mean(sound, (row) => row.alpha);
  if (alpha === undefined) {
    return html`<td class="failed" title="${rows[0]!.weak}">–<span class="unseen"> the fit says nothing</span></td>`;
  }
  const warning = fixedCut ? undefined : warningOf(alpha);
  const title =
    `Block ${block} ${role}: alpha ${decimal(alpha)}` +
    (sound.length > 1 ? `, mean of ${count(sound.length, 'matrix', 'matrices')}` : '') +
    (warning ? `, ${warning}` : '');
  return html`<td class="h${step(alpha, fixedCut)}" title="${title}">${short(alpha)}${mark(warning)}</td>`;
}

const marks = { 'over-trained': '▾', 'under-trained': '▴', spurious: '!' } as const;

/** A sign for a warning, with its name for screen readers. */
function mark(warning: keyof typeof marks | undefined): Content {
  return (
    warning &&
    html`<i aria-hidden="true">${marks[warning]}</i><span class="unseen"> ${warning}</span>`
  );
}

/** As short as a cell needs it. */
export function short(alpha: number): string {
  return decimal(alpha, alpha < 9.95 ? 1 : 0);
}

function legend(fixedCut: boolean): Html {
  const bounds = boundsOf(fixedCut);
  const label = (i: number): string => {
    if (i === 0) return 'below 2';
    if (i === bounds.length) return fixedCut ? 'from 5' : 'above 8';
    return `${STEPS[i - 1]}–${STEPS[i]}`;
  };
  return html`<ul class="legend" aria-label="Colours">${[...bounds.keys(), bounds.length].map((i) => html`<li><span class="swatch h${i}"></span>${label(i)}${i === 0 && !fixedCut && ' ▾'}${i === 7 && ' ▴'}${i === 8 && ' !'}</li>`)}</ul>`;
}
