/** The rank of every block by one score: where along the model it is large, on a scale that all scores share. */
import type { ScoreComparison } from '@alphalora/documents/comparison';
import { maxIndex, minIndex } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { plain, tenths } from '../format.js';
import { type Html, html, trusted } from '../html.js';
import { area, at, curve, linearTicks, path, plot } from './plot.js';

export interface RankedBlock {
  /** Of the block. */
  label: string;
  ranks: ScoreComparison['blocks'][0]['ranks'];
}

/** @param blocks in the order of the model; at least one */
export function ranksChart(blocks: readonly RankedBlock[], score: string): Html {
  const ranks = blocks.map((block) => block.ranks[score]!);
  const last = Math.max(1, blocks.length - 1);
  const x = scaleLinear([0, last], [area.left + 4, area.right - 4]);
  // The largest score, of rank 1, is at the top.
  const y = scaleLinear([1, Math.max(2, blocks.length)], [area.top + 4, area.bottom - 4]);
  const points = ranks.map((rank, i): [number, number] => [x(i), y(rank)]);
  const named = (i: number): string => `block ${blocks[i]!.label}`;
  return plot({
    label:
      `Ranks of ${blocks.length} blocks by ${score}: ${named(minIndex(ranks))} has the largest score, ` +
      `${named(maxIndex(ranks))} the smallest.`,
    x: {
      scale: x,
      ticks: linearTicks(0, last, 6)
        .filter(([place]) => Number.isInteger(place) && place < blocks.length)
        .map(([place]) => [place, blocks[place]!.label]),
      title: 'block',
    },
    y: {
      scale: y,
      ticks: [1, ...linearTicks(1, blocks.length, 4).map(([rank]) => rank)]
        .filter((rank, i, all) => Number.isInteger(rank) && all.indexOf(rank) === i)
        .map((rank) => [rank, plain(rank)]),
      title: 'rank',
    },
    body: html`${curve('faint', path(points))}${points.map(([across, down], i) => html`<circle class="dot" r="2.5" cx="${trusted(at(across))}" cy="${trusted(at(down))}"><title>Block ${blocks[i]!.label}: rank ${tenths(ranks[i]!)}</title></circle>`)}`,
  });
}
