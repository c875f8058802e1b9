/** The page of the study: differences between the policies, and alpha against benefit, as plots. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { baseline } from './design.mjs';

const { document } = parseHTML('<!doctype html><html><body></body></html>');
const width = 760;
const common = { document, width, style: { background: 'none', fontSize: '13px' } };

export function renderPage({ settings, pooled, control, leaveOneIn, runs, hours }) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Allocation policies: a study</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.6 system-ui,sans-serif;max-width:820px;margin:40px auto;padding:0 20px}
h1{font-size:28px}h2{margin-top:48px;font-size:21px}
svg{max-width:100%;height:auto;overflow:visible}
p{max-width:72ch}.note{opacity:.75;font-size:14px}
</style></head><body>
<h1>Where should the experts go?</h1>
<p>${runs} fine-tuning runs, ${hours.toFixed(1)} hours of one core. Each policy shares out the same number of
experts (a single LoRA has a rank of about the same parameters), and trains on the same examples in the same order;
the learning rate of each was chosen on a validation split from the same grid. Bars are 95 % intervals of the mean over the seeds.</p>
<h2>Test loss against the uniform policy</h2>
<p>In per cent of the loss of the uniform policy with the same seed; to the left of the line is better.</p>
<h3>All tasks of the demo model together</h3>
${differencePlot([...pooled.map((row) => ({ ...row, label: row.policy })), { ...control, label: 'by alpha against inverse' }])}
<p class="note">The last line is the test of the theory: ${control.policy} in per cent of the loss of ${control.against}, p ${control.p.toFixed(3)} by sign flips of ${control.n} pairs.</p>
${settings.map(({ model, task, policies }) => `<h3>${model}, ${task}</h3>\n${differencePlot(policies.filter(({ policy }) => policy !== baseline).map(({ policy, difference }) => ({ label: policy, ...difference })))}`).join('\n')}
<h2>Does alpha tell where an expert helps?</h2>
<p>Two more experts in a single block, against two everywhere: how much lower the test loss is, by the block's alpha. If the theory held, the points would rise to the right.</p>
${leaveOneIn.map(({ model, task, blocks, spearman, p }) => `<h3>${model}, ${task}</h3>\n<p class="note">Spearman's rank correlation ${spearman.toFixed(2)}, p ${p.toFixed(3)} by permutation of ${blocks.length} blocks</p>\n${benefitPlot(blocks)}`).join('\n')}
</body></html>
`;
}

function differencePlot(rows) {
  return Plot.plot({
    ...common,
    ...{ marginLeft: 170, marginBottom: 44, height: 60 + 24 * rows.length },
    x: { label: '% of the loss of uniform', grid: true },
    y: { label: null, domain: rows.map(({ label }) => label) },
    marks: [
      Plot.ruleX([0], { strokeDasharray: '4 3' }),
      Plot.ruleY(rows, { y: 'label', x1: 'low', x2: 'high', stroke: '#3f74ab', strokeWidth: 2 }),
      Plot.dot(rows, { y: 'label', x: 'mean', fill: '#1d5fa6', r: 4 }),
    ],
  }).outerHTML;
}

function benefitPlot(blocks) {
  const rows = blocks.map(({ block, alpha, benefit }) => ({ block, alpha, ...benefit }));
  return Plot.plot({
    ...{ ...common, width: 520, height: 310, marginLeft: 50, marginBottom: 44 },
    x: { label: 'alpha of the block', nice: true },
    y: { label: 'lower loss, %', grid: true, nice: true },
    marks: [
      Plot.ruleY([0], { strokeDasharray: '4 3' }),
      Plot.ruleX(rows, { x: 'alpha', y1: 'low', y2: 'high', stroke: '#3f74ab' }),
      Plot.dot(rows, { x: 'alpha', y: 'mean', fill: '#1d5fa6', r: 4 }),
      Plot.text(rows, { x: 'alpha', y: 'mean', text: 'block', dx: 10, dy: -8 }),
    ],
  }).outerHTML;
}
