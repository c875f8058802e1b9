/** The page of the study: differences between the policies, and alpha against benefit, as plots. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { conclusion } from './conclusion.mjs';
import { baseline } from './design.mjs';

const { document } = parseHTML('<!doctype html><html><body></body></html>');
const width = 760;
const common = { document, width, style: { background: 'none', fontSize: '13px' } };

/** A picture with a name, for those who do not see it. */
function picture(ariaLabel, options) {
  const svg = Plot.plot({ ...common, ariaLabel, ...options });
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

export function renderPage(summary) {
  const { settings, pooled, controls, leaveOneIn, runs, hours } = summary;
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
<h2>What the data say</h2>
<ul>${conclusion(summary)
    .map((sentence) => `<li>${sentence}</li>`)
    .join('\n')}</ul>
<p class="note">These are small models and short trainings; see the README beside this page for what was cut and what cannot be seen.</p>
<h2>Test loss against the uniform policy</h2>
<p>In per cent of the loss of the uniform policy with the same seed; to the left of the line is better.</p>
<h3>All tasks of the demo model together</h3>
${differencePlot([...pooled.map((row) => ({ ...row, label: row.policy })), { ...controls[0], label: 'by alpha against inverse' }])}
<p class="note">The last line is the test of the theory: ${controls[0].policy} in per cent of the loss of ${controls[0].against}.</p>
${settings.map(({ model, task, policies }) => `<h3>${model}, ${task}</h3>\n${differencePlot(policies.filter(({ policy }) => policy !== baseline).map(({ policy, difference }) => ({ label: policy, ...difference })))}`).join('\n')}
<h2>Does alpha tell where an expert helps?</h2>
<p>Two more experts in a single block, against two everywhere: how much lower the test loss is. Blocks stand in the order of their alphas. If the theory held, the points would rise to the right.</p>
${leaveOneIn.map(({ model, task, blocks, spearman, p }) => `<h3>${model}, ${task}</h3>\n<p class="note">Spearman's rank correlation ${spearman.toFixed(2)}, p ${p.toFixed(3)} by permutation of ${blocks.length} blocks</p>\n${benefitPlot(blocks)}`).join('\n')}
</body></html>
`;
}

function differencePlot(rows) {
  return picture('Test loss by policy, against uniform', {
    marginLeft: 170,
    marginBottom: 44,
    height: 60 + 24 * rows.length,
    x: { label: 'loss against uniform, %', grid: true, nice: true },
    y: { label: null, domain: rows.map(({ label }) => label) },
    marks: [
      Plot.ruleX([0], { strokeDasharray: '4 3' }),
      Plot.ruleY(rows, { y: 'label', x1: 'low', x2: 'high', stroke: '#3f74ab', strokeWidth: 2 }),
      Plot.dot(rows, { y: 'label', x: 'mean', fill: '#1d5fa6', r: 4 }),
    ],
  });
}

function benefitPlot(blocks) {
  const rows = blocks.map(({ block, alpha, benefit }) => ({ block, alpha, ...benefit }));
  const alphaOf = (block) => rows[block].alpha;
  return picture('Benefit of two more experts by block', {
    width: 560,
    height: 310,
    marginLeft: 50,
    marginBottom: 54,
    x: {
      label: 'block, and its alpha',
      labelAnchor: 'center',
      labelOffset: 50,
      type: 'point',
      domain: rows.map(({ block }) => block).sort((a, b) => alphaOf(a) - alphaOf(b)),
      tickFormat: (block) => `${block}\n${alphaOf(block).toFixed(2)}`,
    },
    y: { label: 'lower loss, %', grid: true, nice: true },
    marks: [
      Plot.ruleY([0], { strokeDasharray: '4 3' }),
      Plot.ruleX(rows, { x: 'block', y1: 'low', y2: 'high', stroke: '#3f74ab', strokeWidth: 2 }),
      Plot.dot(rows, { x: 'block', y: 'mean', fill: '#1d5fa6', r: 4 }),
    ],
  });
}
