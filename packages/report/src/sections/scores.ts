/** Several scores of the model side by side: their ranks by block, how alike they are, where they are not. */
import { blockLabel } from '@alphalora/documents';
import {
  compareScores,
  type RankCorrelation,
  type ScoreComparison,
} from '@alphalora/documents/comparison';
import { ranksChart } from '../charts/ranks.js';
import type { Facts } from '../facts.js';
import { count, decimal, list, tenths, whole } from '../format.js';
import { type Content, type Html, html } from '../html.js';

/** Layers that are listed. */
const MOST_LAYERS = 10;

/** Nothing where there is one score or none. */
export function scoresSection({ scores = [] }: Facts): Content {
  if (scores.length < 2) return undefined;
  const comparison = compareScores(scores);
  const { blocks } = comparison;
  const inOrder = blocks
    .toSorted((a, b) => a.block - b.block)
    .map((row) => ({ label: labelOf(row), ranks: row.ranks }));
  return html`<section aria-labelledby="scores"><h2 id="scores">Scores side by side</h2>
<p>${sentences(comparison).join(' ')}</p>
${inOrder.length > 0 && html`<div class="charts">${comparison.scores.map(({ name, source }) => html`<figure>${ranksChart(inOrder, name)}<figcaption><b>${name}</b> of ${source}</figcaption></figure>`)}</div>`}
<h3 id="alike">How alike they are</h3>
<p>Spearman’s rank correlation: 1 where two scores put the layers in the same order, −1 where in the opposite one, about 0 where they have nothing to do with one another. Over the blocks, over all projections, and over the projections of one kind.</p>
${correlationTable(comparison)}
<h3 id="unlike">Where they disagree most</h3>
<p>Ranks: 1 is the largest score, whatever a large one says.</p>
<div class="pair even">${disagreements('Block', comparison.scores, blocks, labelOf)}${disagreements(
    'Projection',
    comparison.scores.filter(({ projections }) => projections > 0),
    comparison.projections,
    ({ name }) => html`<code>${name}</code>`,
  )}</div>
</section>`;
}

function labelOf(row: ScoreComparison['blocks'][0]): string {
  return blockLabel({ ...row, index: row.block });
}

function sentences({ scores, correlations, blocks }: ScoreComparison): string[] {
  const known = correlations
    .filter(({ blocks: over }) => over.spearman !== undefined)
    .sort((a, b) => b.blocks.spearman! - a.blocks.spearman!);
  const [first, last] = [known[0], known.at(-1)];
  const pair = ({ a, b, blocks: over }: (typeof known)[0]): string =>
    `${a} and ${b} (${decimal(over.spearman!)})`;
  const names = list(
    scores.map(({ name }) => name),
    12,
  );
  return [
    `The layers of this model were judged by ${count(scores.length, 'score')}: ${names}.`,
    ...(first && last && first !== last
      ? [`Most alike over the blocks are ${pair(first)}, least ${pair(last)}.`]
      : first
        ? [`Over the blocks their rank correlation is ${decimal(first.blocks.spearman!)}.`]
        : []),
    ...(blocks.length > 0
      ? ['Each chart has the blocks from the input (left) on; the largest score is at the top.']
      : []),
  ];
}

function correlationTable({ correlations }: ScoreComparison): Html {
  const roles = [...new Set(correlations.flatMap((pair) => Object.keys(pair.roles)))];
  const cells = (pair: (typeof correlations)[0]): Array<RankCorrelation | undefined> => [
    ...[pair.blocks, pair.projections],
    ...roles.map((role) => (Object.hasOwn(pair.roles, role) ? pair.roles[role] : undefined)),
  ];
  const few = correlations.some((pair) => cells(pair).some((cell) => cell?.few && cell.count > 0));
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="alike"><table class="compact"><caption class="unseen">Rank correlation of each pair of scores</caption>
<thead><tr><th scope="col">Scores</th>${['Blocks', 'Projections', ...roles].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${correlations.map((pair) => html`<tr><th scope="row">${pair.a}, ${pair.b}</th>${cells(pair).map(correlationCell)}</tr>`)}</tbody></table></div>
<p class="key">Small: the number of values.${few && ' * fewer than 5 values, which says next to nothing.'}</p>`;
}

function correlationCell(cell: RankCorrelation | undefined): Html {
  if (cell?.spearman === undefined) return html`<td></td>`;
  const { spearman, few, count: values } = cell;
  return html`<td>${decimal(spearman)}${few && '*'} <small>${whole(values)}</small></td>`;
}

function disagreements<Row extends ScoreComparison['blocks'][0]>(
  title: string,
  scores: ScoreComparison['scores'],
  rows: readonly Row[],
  label: (row: Row) => Content,
): Content {
  if (rows.length === 0 || scores.length < 2) return undefined;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}s with the largest differences of ranks"><table class="compact"><caption class="unseen">${title}s with the largest differences of ranks among ${whole(rows.length)}</caption>
<thead><tr><th scope="col">${title}</th>${scores.map(({ name }) => html`<th scope="col">${name}</th>`)}<th scope="col">Difference</th></tr></thead>
<tbody>${rows.slice(0, MOST_LAYERS).map((row) => html`<tr><th scope="row">${label(row)}</th>${scores.map(({ name }) => html`<td>${tenths(row.ranks[name]!)}</td>`)}<td>${tenths(row.difference)}</td></tr>`)}</tbody></table></div>`;
}
