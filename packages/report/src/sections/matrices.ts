/** Every measured matrix: a table to sort and filter, and behind each row its charts. */
import type { AnalysedRow } from '@alphalora/contracts';
import { amountOf } from '@alphalora/documents';
import type { AllocationFacts } from '../allocation.js';
import { blockOf, type Facts, shortName } from '../facts.js';
import { count, decimal, range, shape, significant } from '../format.js';
import { type Content, type Html, html } from '../html.js';
import { detail } from './detail.js';
import { metricMeansDetails } from './metric-means.js';

/** Metrics with a column of their own, the most telling first, where the analysis has them. */
const PREFERRED = ['stable_rank', 'above_noise', 'alpha_weighted', 'entropy'];
const MOST_METRICS = 2;

interface Column {
  title: string;
  cell: (row: AnalysedRow) => Content;
  /** Left out on narrow screens. */
  minor?: boolean;
}

export function matricesSection({ analysis, measured, allocation }: Facts): Html {
  if (measured.length === 0) {
    return html`<section aria-labelledby="matrices"><h2 id="matrices">Every matrix</h2><p>No matrix was measured.</p></section>`;
  }
  const columns = columnsOf(measured, allocation);
  const roles = [...new Set(measured.flatMap(({ role }) => role ?? []))];
  const drawn = measured.some((row) => row.spectrum);
  return html`<section aria-labelledby="matrices"><h2 id="matrices">Every matrix</h2>
<p>Open a row for its ${drawn ? 'charts and metrics' : 'metrics; the analysis holds no spectra to draw'}.</p>
${metricMeansDetails(analysis)}
<form class="filter" hidden><label>Name <input type="search" name="text" autocomplete="off"></label>
<label>Projection <select name="role"><option value="">all</option>${roles.map((role) => html`<option>${role}</option>`)}</select></label>
<label><input type="checkbox" name="warned"> only with a warning</label>
<output aria-live="polite">${count(measured.length, 'matrix', 'matrices')}</output></form>
<div class="scroll wide"><table id="all"><caption class="unseen">Every measured matrix; each row is followed by its details</caption>
<thead><tr><th scope="col">Name</th>${columns.map(({ title, minor }) => html`<th scope="col"${minor && html` class="minor"`}>${title}</th>`)}</tr></thead>
${measured.map(
  (
    row,
    i,
  ) => html`<tbody data-role="${row.role ?? ''}"${(row.warning ?? row.weak) && html` data-warned`}><tr><th scope="row" id="m${i}"><code>${breakable(row.name)}</code></th>${columns.map(({ cell, minor }) => html`<td${minor && html` class="minor"`}>${cell(row)}</td>`)}</tr>
<tr class="detail"><td colspan="${columns.length + 1}"><details><summary><span class="unseen">Details of ${shortName(row)}</span></summary><div>${detail(row)}</div></details></td></tr></tbody>
`,
)}</table></div></section>`;
}

function columnsOf(measured: readonly AnalysedRow[], allocation?: AllocationFacts): Column[] {
  const has = (metric: string): boolean => measured.some(({ metrics }) => metric in metrics);
  const amount = amountColumn(allocation);
  // One more column takes the place of one of them: names stay on one line.
  const metrics = PREFERRED.filter(has).slice(0, MOST_METRICS - amount.length);
  return [
    { title: 'Block', cell: (row) => breakable(blockOf(row) ?? '–'), minor: true },
    { title: 'Projection', cell: ({ role }) => role ?? '–', minor: true },
    { title: 'Shape', cell: (row) => shape(row.shape), minor: true },
    {
      title: 'Alpha',
      cell: ({ alpha, stderr, weak }) =>
        weak === undefined ? html`<b>${decimal(alpha)}</b> ± ${decimal(stderr)}` : '–',
    },
    ...amount,
    ...(measured.some(({ interval }) => interval)
      ? [
          {
            title: '95 % interval',
            cell: ({ interval }: AnalysedRow) => interval && range(interval),
            minor: true,
          },
        ]
      : []),
    { title: 'KS', cell: ({ ks }) => decimal(ks, 3), minor: true },
    { title: 'Tail', cell: ({ tail }) => tail, minor: true },
    ...(measured.some(({ warning, weak }) => warning ?? weak)
      ? [
          {
            title: 'Warning',
            cell: ({ warning, weak }: AnalysedRow) => {
              const name = weak === undefined ? warning : 'weak';
              return name && html`<span class="tag ${name}">${name}</span>`;
            },
          },
        ]
      : []),
    ...metrics.map((metric) => ({
      title: metric.replaceAll('_', ' '),
      cell: (row: AnalysedRow) => {
        const value = row.metrics[metric];
        return value === undefined ? undefined : significant(value);
      },
      minor: true,
    })),
  ];
}

/** Where projections were given something one by one. */
function amountColumn(allocation?: AllocationFacts): Column[] {
  if (!allocation?.projections) return [];
  const { words, budget, projections } = allocation;
  const amounts = new Map(projections.map((one) => [one.name, amountOf(one, budget.unit)]));
  const cell = ({ name }: AnalysedRow): Content => {
    // The parts of a fused projection share what it gets.
    const amount = amounts.get(name) ?? amounts.get(name.replace(/\[\D+?\]/, ''));
    return amount === undefined ? '–' : words.number(amount);
  };
  return [{ title: words.title, cell, minor: true }];
}

/** A name that may be broken before each of its dots. */
function breakable(name: string): Content[] {
  return name.split(/(?=\.)/).map((part, i) => (i === 0 ? part : html`<wbr>${part}`));
}
