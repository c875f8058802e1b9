/** Alpha and experts by block, as a pair of charts and as numbers. */

import { hanging, hold, STRONG_HOLD } from '../allocation-findings.js';
import { alphaChart, expertsChart } from '../charts/blocks.js';
import { type BlockFacts, expertsIn, type Facts } from '../facts.js';
import { count, decimal, percent, range } from '../format.js';
import { type Content, type Html, html } from '../html.js';

export function blocksSection(facts: Facts): Html {
  const { blocks, scored, allocation } = facts;
  if (scored.length === 0) {
    return html`<section aria-labelledby="blocks"><h2 id="blocks">Blocks</h2><p>No block has a measured matrix.</p></section>`;
  }
  const intervals = scored.some(({ interval }) => interval);
  const robust = allocation?.blocks.some(({ robustness }) => robustness);
  return html`<section aria-labelledby="blocks"><h2 id="blocks">Blocks</h2>
<p>From the input (top) to the output. The further right the dot, the less the block has learned${allocation && ', and the more experts it gets'}.</p>
<div class="pair${allocation ? '' : ' single'}">
<figure><figcaption><b>Alpha</b> ${intervals ? 'with its 95 % interval' : '(the analysis holds no intervals)'}</figcaption>${alphaChart(blocks, alphaWords(facts))}</figure>
${
  allocation &&
  html`<figure><figcaption><b>Experts</b> ${robust ? 'and their 95 % range over the draws' : '(the allocation was not tested by draws)'}</figcaption>${expertsChart(blocks, expertsIn(allocation) / allocation.blocks.length, expertsWords(facts))}</figure>`
}
</div>
<p class="key">Dashed lines: usual bounds of alpha, 2 (over-trained below) and 6 (under-trained above)${allocation && '; an even share of the experts'}.</p>
${allocation && driverTable(blocks)}
<details data-print><summary>All blocks in numbers</summary>${numbers(facts)}</details>
</section>`;
}

function alphaWords({ scored }: Facts): string {
  const ascending = scored.toSorted((a, b) => a.alpha - b.alpha);
  const [low, high] = [ascending[0]!, ascending.at(-1)!];
  return (
    `Alpha of ${count(scored.length, 'block')}, from ${decimal(low.alpha)} in block ${low.index} to ` +
    `${decimal(high.alpha)} in block ${high.index}. The numbers are in the table after the charts.`
  );
}

function expertsWords({ allocation }: Facts): string {
  const { blocks } = allocation!;
  return (
    `Experts of ${count(blocks.length, 'block')}, ${expertsIn(allocation!)} in all: ` +
    `${blocks.map(({ index, experts }) => `block ${index} ${experts}`).join(', ')}.`
  );
}

/** Blocks whose number of experts hangs on one projection. */
function driverTable(blocks: readonly BlockFacts[]): Content {
  const found = hanging(blocks);
  if (found.length === 0) return undefined;
  return html`<h3 id="drivers">Where one matrix decides</h3>
<p>Without the projection named here, its block would have at least ${STRONG_HOLD} experts more or fewer. Look at its fit before you trust the number.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="drivers"><table class="compact"><caption class="unseen">Blocks whose number of experts depends on a single projection</caption>
<thead><tr><th scope="col">Block</th><th scope="col">Projection</th><th scope="col">Its alpha</th><th scope="col">Block’s alpha</th><th scope="col">Experts</th><th scope="col">Without it</th></tr></thead>
<tbody>${found.map(({ index, alpha, allocated }) => {
    const driver = allocated!.robustness!.driver!;
    return html`<tr><th scope="row">${index}</th><td title="${driver.name}">${driver.role ?? driver.name}</td><td>${decimal(driver.alpha)}</td><td>${alpha !== undefined && decimal(alpha)}</td><td>${allocated!.experts}</td><td>${driver.experts}</td></tr>`;
  })}</tbody></table></div>`;
}

interface Column {
  title: string;
  cell: (block: BlockFacts) => Content;
}

function numbers({ blocks, allocation }: Facts): Html {
  const all: Column[] = [
    { title: 'Alpha', cell: ({ alpha }) => alpha !== undefined && decimal(alpha) },
    { title: '95 % interval', cell: ({ interval }) => interval && range(interval) },
    { title: 'Matrices', cell: ({ matrices }) => matrices },
    { title: 'Their alphas', cell: (block) => block.range && range(block.range) },
    { title: 'Spread', cell: ({ spread }) => spread !== undefined && decimal(spread) },
  ];
  if (allocation) {
    // The score is the alpha, unless the allocation was made with another rule than the analysis.
    if (blocks.some(({ alpha, allocated }) => allocated && allocated.score !== alpha)) {
      all.push({
        title: 'Score',
        cell: ({ allocated }) => allocated && decimal(allocated.score),
      });
    }
    all.push(
      {
        title: 'Share',
        cell: ({ allocated }) => allocated && `${decimal(100 * allocated.share, 1)} %`,
      },
      { title: 'Experts', cell: ({ allocated }) => allocated?.experts },
      {
        title: '95 % of draws',
        cell: ({ allocated }) => {
          const ends = allocated?.robustness?.experts;
          return ends && (ends[0] === ends[1] ? ends[0] : range(ends, 0));
        },
      },
      {
        title: 'Changes in',
        cell: ({ allocated }) => allocated?.robustness && percent(allocated.robustness.changed),
      },
      {
        title: 'Without one matrix',
        cell: (block) => {
          const driver = block.allocated?.robustness?.driver;
          return driver && hold(block) > 0
            ? `${driver.experts} without ${driver.role ?? driver.name}`
            : undefined;
        },
      },
      { title: 'Selected per token', cell: ({ allocated }) => allocated?.topK },
    );
  }
  // Of what no block has, there is no column.
  const cells = all.map(({ cell }) => blocks.map(cell));
  const present = all.flatMap(({ title }, i) =>
    cells[i]!.some((content) => content !== undefined && content !== false)
      ? [{ title, contents: cells[i]! }]
      : [],
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All blocks in numbers"><table class="compact"><caption class="unseen">Alpha${allocation && ' and experts'} of every block</caption>
<thead><tr><th scope="col">Block</th>${present.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${blocks.map(({ index }, i) => html`<tr><th scope="row">${index}</th>${present.map(({ contents }) => html`<td>${contents[i]}</td>`)}</tr>`)}</tbody></table></div>`;
}
