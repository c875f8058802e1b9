/**
 * Alpha and what is allocated by block, one row for each, from the input (top) to the output. Places across
 * are percentages, so that the charts take any width without scaling their text; the labels hang over
 * the edges into margins that the style sheet leaves.
 */
import { alphaBounds } from '@alphalora/contracts';
import { ticks } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import type { BlockFacts } from '../facts.js';
import { decimal, percent, plain, range, tenths } from '../format.js';
import { type Content, type Html, html, trusted } from '../html.js';
import type { ResourceWords } from '../resource.js';

const { overTrained, underTrained } = alphaBounds;

/** Longer labels of blocks, such as `encoder 3`, need a wider margin. */
const LONGEST_NUMBER = 4;

const TOP = 26;
const BOTTOM = 26;

/** Closer rows for deep models. */
const rowHeight = (rows: number): number => (rows <= 16 ? 26 : rows <= 40 ? 20 : 16);

/** @param bounded with the usual bounds of alpha, which do not apply at a given cut */
export function alphaChart(blocks: readonly BlockFacts[], label: string, bounded: boolean): Html {
  const known = blocks.flatMap(({ alpha }) => (alpha === undefined ? [] : [alpha]));
  const largest = Math.max(...known);
  // A wild interval must not squeeze all others; it ends in an arrow.
  const ends = blocks.map(({ interval }) => Math.min(interval?.[1] ?? 0, 1.3 * largest));
  const smallest = Math.min(1, ...known, ...blocks.map(({ interval }) => interval?.[0] ?? 1));
  const highest = Math.max(bounded ? underTrained + 0.5 : 0, largest * 1.04, ...ends);
  const x = scaleLinear([smallest, highest], [0, 100]);
  const row = (block: BlockFacts, y: number): Content => {
    const { alpha, interval, label: name, unsound } = block;
    if (alpha === undefined)
      return html`<text class="none" x="0" y="${y + 4}">${unsound ? 'no fit says anything' : 'no matrix measured'}</text>`;
    const title = `Block ${name}: alpha ${decimal(alpha)}${interval ? `, 95 % interval ${range(interval)}` : ''}`;
    const beyond = interval !== undefined && interval[1] > highest;
    const mark = bounded && alpha > underTrained ? 'dot under' : 'dot';
    return html`<g><title>${title}</title>${interval && html`<line class="interval" x1="${percentOf(x(interval[0]))}" x2="${percentOf(x(Math.min(interval[1], highest)))}" y1="${y}" y2="${y}"/>`}${beyond && html`<text x="100%" dx="1" y="${y + 4}">→</text>`}<circle class="${mark}" cx="${percentOf(x(alpha))}" cy="${y}" r="4"/></g>`;
  };
  const guides: [number, string][] = bounded
    ? [
        [overTrained, `over-trained below ${overTrained}`],
        [underTrained, `under-trained above ${underTrained}`],
      ]
    : [];
  return rows({
    blocks,
    label,
    row,
    named: true,
    axis: ticks(smallest, highest, 6).map((value) => [x(value), plain(value)]),
    guides: guides.map(([value, title]) => [x(value), title]),
  });
}

/** @param guide a line across all rows, such as an even share, and its words */
export function amountsChart(params: {
  blocks: readonly BlockFacts[];
  words: Pick<ResourceWords, 'phrase' | 'short' | 'tick'>;
  guide: readonly [amount: number, label: string];
  label: string;
}): Html {
  const { blocks, words, guide, label } = params;
  const amounts = blocks.map(({ amount }) => amount ?? 0);
  const whole = amounts.every(Number.isInteger);
  // Beside a bar as long as the chart there is room for a short number only.
  const most = Math.max(guide[0], whole ? 1 : 0, ...amounts) * (whole ? 1 : 1.08);
  const ends = blocks.map(({ allocated }) =>
    Math.min(allocated?.robustness?.experts[1] ?? 0, 1.5 * most),
  );
  const highest = Math.max(most, ...ends) || 1;
  const x = scaleLinear([0, highest], [0, 100]);
  const row = ({ allocated, amount, label: name }: BlockFacts, y: number): Content => {
    if (amount === undefined)
      return html`<text class="none" x="0" y="${y + 4}">not in the budget</text>`;
    const robustness = allocated?.robustness;
    const whisker = robustness?.experts;
    const title =
      `Block ${name}: ${words.phrase(amount)}` +
      (whisker ? `, 95 % between ${tenths(whisker[0])} and ${tenths(whisker[1])}` : '') +
      (robustness ? `, another number in ${percent(robustness.changed)} of the draws` : '');
    const end = Math.min(highest, Math.max(amount, whisker?.[1] ?? 0, 0));
    const beyond = whisker !== undefined && whisker[1] > highest;
    const half = Math.floor(rowHeight(blocks.length) * 0.3);
    const [from, to] = (whisker ?? [0, 0]).map((value) =>
      percentOf(x(Math.min(highest, Math.max(0, value)))),
    ) as [Html, Html];
    return html`<g><title>${title}</title><rect class="bar" x="0" y="${y - half}" width="${percentOf(x(Math.max(0, amount)))}" height="${2 * half}" rx="1.5"/>${whisker && whisker[0] !== whisker[1] && html`<line class="whisker" x1="${from}" x2="${to}" y1="${y}" y2="${y}"/><line class="whisker" x1="${from}" x2="${from}" y1="${y - 4}" y2="${y + 4}"/>${!beyond && html`<line class="whisker" x1="${to}" x2="${to}" y1="${y - 4}" y2="${y + 4}"/>`}`}${beyond && html`<text x="100%" dx="1" y="${y + 4}">→</text>`}<text class="count" x="${percentOf(x(end))}" dx="${beyond ? 16 : 7}" y="${y + 4}">${words.short(amount)}</text></g>`;
  };
  const marks = ticks(0, highest, whole ? Math.min(5, highest) : 5);
  return rows({
    blocks,
    label,
    row,
    named: false,
    axis: (whole ? marks.filter(Number.isInteger) : marks).map((value) => [
      x(value),
      words.tick(value),
    ]),
    guides: [[x(guide[0]), guide[1]]],
  });
}

function rows(params: {
  blocks: readonly BlockFacts[];
  label: string;
  row: (block: BlockFacts, y: number) => Content;
  /** Whether the number of the block stands at the left. */
  named: boolean;
  axis: readonly (readonly [place: number, label: string])[];
  guides: readonly (readonly [place: number, label: string])[];
}): Html {
  const { blocks, label, row, named, axis, guides } = params;
  const step = rowHeight(blocks.length);
  const bottom = TOP + blocks.length * step;
  const middle = (i: number): number => TOP + (i + 0.5) * step;
  const vertical = (place: number, name: string): Html =>
    html`<line class="${name}" x1="${percentOf(place)}" x2="${percentOf(place)}" y1="${TOP}" y2="${bottom}"/>`;
  const long = named && blocks.some(({ label: name }) => name.length > LONGEST_NUMBER);
  return html`<svg class="rows${long && ' long'}" height="${bottom + BOTTOM}" role="img" aria-label="${label}">${blocks.map((_, i) => html`<line class="row" x1="0" x2="100%" y1="${middle(i)}" y2="${middle(i)}"/>`)}${axis.map(([place]) => vertical(place, 'grid'))}${guides.map(([place]) => vertical(place, 'bound'))}${blocks.map((block, i) => row(block, middle(i)))}<g class="tx">${axis.map(([place, text]) => html`<text x="${percentOf(place)}" y="${bottom + 16}">${text}</text>`)}</g><g class="bounds">${guides.map(([place, text]) => html`<text x="${percentOf(place)}" y="${TOP - 10}">${text}</text>`)}</g>${named && html`<g class="names"><text class="first" x="-10" y="${TOP - 10}">block</text>${blocks.map(({ label: name }, i) => html`<text x="-10" y="${middle(i) + 4}">${name}</text>`)}</g>`}</svg>`;
}

function percentOf(place: number): Html {
  return trusted(`${Math.round(place * 10) / 10}%`);
}
