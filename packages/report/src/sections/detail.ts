/** What lies behind the row of a matrix: the fit in a sentence, three charts and all metrics. */
import type { AnalysedRow } from '@alphalora/contracts';
import { quantizationOf } from '@alphalora/contracts/weights';
import { sum } from 'd3-array';
import { cutsChart } from '../charts/cuts.js';
import { histogramChart } from '../charts/histogram.js';
import { spectrumChart } from '../charts/spectrum.js';
import { explained } from '../findings.js';
import { decimal, range, significant } from '../format.js';
import { type Content, type Html, html } from '../html.js';

export function detail(row: AnalysedRow): Html {
  const { warning, weak, metrics } = row;
  const marked = weak === undefined ? warning && explained(warning) : `It says nothing: ${weak}.`;
  const scheme = quantizationOf(row);
  const quantized = scheme !== undefined && ` Its weights are quantized (${scheme}).`;
  return html`<p>${sentence(row)}${quantized}${marked && ` ${marked}`}</p>${charts(row)}<dl class="metrics">${Object.entries(metrics).map(([name, value]) => html`<div><dt>${name.replaceAll('_', ' ')}</dt><dd>${significant(value)}</dd></div>`)}</dl>`;
}

function sentence({ alpha, stderr, interval, tail, xmin, ks, ...row }: AnalysedRow): string {
  const all = row.metrics['num_evals'] ?? (row.spectrum && sum(row.spectrum.counts));
  return (
    `Alpha is ${decimal(alpha)} ± ${decimal(stderr)}` +
    (interval ? ` (95 % interval ${range(interval)})` : '') +
    `, from the ${tail} largest${all === undefined ? '' : ` of ${all}`} eigenvalues, those from ` +
    `${significant(xmin)} on; the fit is off by at most ${decimal(100 * ks, 1)} % (KS).` +
    (row.lambda ? ` An exponential cut-off has the rate ${significant(row.lambda)}.` : '') +
    (row.fingers ? ` The largest ${row.fingers} were set aside before the fit.` : '')
  );
}

function charts(row: AnalysedRow): Content {
  const { spectrum } = row;
  if (!spectrum) return undefined;
  if (spectrum.range[0] >= spectrum.range[1])
    return html`<p>All eigenvalues are equal, so there is nothing to draw.</p>`;
  const bulk = row.metrics['noise_max'] !== undefined;
  return html`<div class="charts"><figure>${spectrumChart(row, spectrum)}<figcaption>Density: <span class="k fit">fitted tail</span>${bulk && html`, <span class="k bulk">random bulk</span>`}</figcaption></figure><figure>${histogramChart(row, spectrum)}<figcaption>Counts: <span class="k tail">tail</span> from the cut on</figcaption></figure>${spectrum.cuts.tail.length > 1 && html`<figure>${cutsChart(row, spectrum)}<figcaption>${row.lambda === undefined ? 'Alpha if the cut were elsewhere' : 'Alpha by cut, without the exponential'}, ± one standard error</figcaption></figure>`}</div>`;
}
