/** Alpha and what is allocated by block, as a pair of charts and as numbers. */
import { alphaBounds } from '@alphalora/contracts';
import type { AllocationFacts } from '../allocation.js';
import { hanging, hold, STRONG_HOLD } from '../allocation-findings.js';
import { alphaChart, amountsChart } from '../charts/blocks.js';
import type { BlockFacts, Facts } from '../facts.js';
import { unscored } from '../findings.js';
import { count, decimal, percent, range, tenths } from '../format.js';
import { type Content, type Html, html } from '../html.js';

export function blocksSection(facts: Facts): Html {
  const { blocks, scored, allocation } = facts;
  if (scored.length === 0) {
    return html`<section aria-labelledby="blocks"><h2 id="blocks">Blocks</h2><p>${unscored(blocks)}.</p></section>`;
  }
  const intervals = scored.some(({ interval }) => interval);
  return html`<section aria-labelledby="blocks"><h2 id="blocks">Blocks</h2>
<p>From the input (top) to the output. The further right the dot, the less the block has learned${allocation && aside(allocation)}.</p>
<div class="pair${allocation ? '' : ' single'}">
<figure><figcaption><b>Alpha</b> ${intervals ? 'with its 95 % interval' : '(the analysis holds no intervals)'}</figcaption>${alphaChart(blocks, alphaWords(facts), !facts.fixedCut)}</figure>
${allocation && amountsFigure(allocation, blocks)}
</div>
${key(facts)}
${allocation && driverTable(blocks)}
<details data-print><summary>All blocks in numbers</summary>${numbers(facts)}</details>
</section>`;
}

/** What the dashed lines are. */
function key({ fixedCut, allocation }: Facts): Content {
  const guide = allocation && guideOf(allocation)[2];
  if (fixedCut) return guide && html`<p class="key">Dashed line: ${guide}.</p>`;
  return html`<p class="key">Dashed lines: usual bounds of alpha, ${alphaBounds.overTrained} (over-trained below) and ${alphaBounds.underTrained} (under-trained above)${guide && `; ${guide}`}.</p>`;
}

/** What stands beside the alphas. Of other resources, more may go to either end. */
function aside({ budget: { per }, words }: AllocationFacts): string {
  if (words.routed && per !== 'projection') return ', and the more experts it gets';
  return `; the bars show ${words.plural}`;
}

function amountsFigure(allocation: AllocationFacts, blocks: readonly BlockFacts[]): Html {
  const { words } = allocation;
  const [guide, text] = guideOf(allocation);
  return html`<figure><figcaption><b>${words.title}</b> ${captionOf(allocation)}</figcaption>${amountsChart({ blocks, words, guide: [guide, text], label: amountsWords(allocation, blocks) })}</figure>`;
}

function captionOf({ blocks, projections, words }: AllocationFacts): string {
  if (projections) {
    if (words.adds) return 'of its projections together';
    const percent = words.fraction ? ', in percent' : '';
    return `of its projections on average${words.weighted ? ', by size' : ''}${percent}`;
  }
  return blocks.some(({ robustness }) => robustness)
    ? 'and their 95 % range over the draws'
    : words.place;
}

/** The line across all rows: where it is, its words in the chart and in the text below. */
function guideOf({
  words,
  average,
  sum,
  blocks,
}: AllocationFacts): [amount: number, label: string, text: string] {
  if (sum !== undefined) {
    const even = sum / blocks.length;
    return [even, `even share ${tenths(even)}`, `an even share of the ${words.units}`];
  }
  if (words.weighted) {
    return [average, `average ${words.number(average)}`, `the average, ${words.number(average)}`];
  }
  return [1, 'unchanged at 1', 'the factor 1, which changes nothing'];
}

function alphaWords({ scored }: Facts): string {
  const ascending = scored.toSorted((a, b) => a.alpha - b.alpha);
  const [low, high] = [ascending[0]!, ascending.at(-1)!];
  return (
    `Alpha of ${count(scored.length, 'block')}, from ${decimal(low.alpha)} in block ${low.label} to ` +
    `${decimal(high.alpha)} in block ${high.label}. The numbers are in the table after the charts.`
  );
}

function amountsWords(
  { words, sum, average }: AllocationFacts,
  blocks: readonly BlockFacts[],
): string {
  const given = blocks.flatMap(({ label, amount }) =>
    amount === undefined ? [] : [`block ${label} ${words.number(amount)}`],
  );
  const whole =
    sum === undefined ? `${words.number(average)} on average` : `${words.number(sum)} in all`;
  return `${words.amounts} of ${count(given.length, 'block')}, ${whole}: ${given.join(', ')}.`;
}

/** Blocks whose number of experts hangs on one projection. */
function driverTable(blocks: readonly BlockFacts[]): Content {
  const found = hanging(blocks);
  if (found.length === 0) return undefined;
  return html`<h3 id="drivers">Where one matrix decides</h3>
<p>Without the projection named here, its block would have at least ${STRONG_HOLD} experts more or fewer. Look at its fit before you trust the number.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="drivers"><table class="compact"><caption class="unseen">Blocks whose number of experts depends on a single projection</caption>
<thead><tr><th scope="col">Block</th><th scope="col">Projection</th><th scope="col">Its alpha</th><th scope="col">Block’s alpha</th><th scope="col">Experts</th><th scope="col">Without it</th></tr></thead>
<tbody>${found.map(({ label, alpha, allocated, amount }) => {
    const driver = allocated!.robustness!.driver!;
    return html`<tr><th scope="row">${label}</th><td title="${driver.name}">${driver.role ?? driver.name}</td><td>${decimal(driver.alpha)}</td><td>${alpha !== undefined && decimal(alpha)}</td><td>${amount}</td><td>${driver.experts}</td></tr>`;
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
    const { words } = allocation;
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
        cell: ({ allocated }) =>
          allocated?.share !== undefined && `${decimal(100 * allocated.share, 1)} %`,
      },
      {
        title: words.title,
        cell: ({ amount }) => amount !== undefined && words.number(amount),
      },
      {
        title: '95 % of draws',
        cell: ({ allocated }) => {
          const ends = allocated?.robustness?.experts;
          return ends && (ends[0] === ends[1] ? tenths(ends[0]) : ends.map(tenths).join(' to '));
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
      {
        title: 'Selected per token',
        cell: ({ allocated }) => words.routed && allocated?.topK,
      },
    );
  }
  // Of what no block has, there is no column.
  const cells = all.map(({ cell }) => blocks.map(cell));
  const present = all.flatMap(({ title }, i) =>
    cells[i]!.some((content) => content !== undefined && content !== false)
      ? [{ title, contents: cells[i]! }]
      : [],
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All blocks in numbers"><table class="compact"><caption class="unseen">Alpha${allocation && ` and ${allocation.words.title.toLowerCase()}`} of every block</caption>
<thead><tr><th scope="col">Block</th>${present.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${blocks.map(({ label }, i) => html`<tr><th scope="row">${label}</th>${present.map(({ contents }) => html`<td>${contents[i]}</td>`)}</tr>`)}</tbody></table></div>`;
}
