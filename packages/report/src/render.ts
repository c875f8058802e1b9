/** The page: one document without any outside resource, in the order in which it is read. */
import { area } from './charts/plot.js';
import { type Documents, factsOf } from './facts.js';
import { type Html, html, trusted } from './html.js';
import { script, scriptHash } from './script.js';
import { blocksSection } from './sections/blocks.js';
import { guideSection } from './sections/guide.js';
import { heatMapSection } from './sections/heat-map.js';
import { matricesSection } from './sections/matrices.js';
import { omissionsSection } from './sections/omissions.js';
import { provenanceSection } from './sections/provenance.js';
import { scoresSection } from './sections/scores.js';
import { seriesSection } from './sections/series.js';
import { stacksSection } from './sections/stacks.js';
import { summarySection, titleOf } from './sections/summary.js';
import { trainingSection } from './sections/training.js';
import { style } from './style.js';

/**
 * Renders an analysis, and the allocation made from it, as one HTML page that needs no network:
 * styles, charts and a small script are inside, and its own policy forbids it to load anything.
 *
 * @param documents.analysis a whole analysis; what an older one lacks (intervals, spectra) is left
 * out of the page, which says so
 * @param documents.allocation of any resource, per block or per projection, of blocks that the
 * analysis has
 * @param documents.training steps of a run that trained the allocated adapter, in their order
 * @param documents.scores what else the layers can be judged by, from `namedScore` of
 * `@alphalora/allocator/comparison`: two or more are shown side by side
 * @param documents.checkpoints analyses of the model over training, in their order; the last of them is
 * `documents.analysis`
 * @param documents.tool what makes the page, for its last line
 * @returns the text of an HTML document; the same for the same documents
 * @throws AlphaLoraError `INVALID_DOCUMENT` for other documents, for one part of a divided analysis,
 * for an allocation of blocks or projections that the analysis does not have or of other shapes, and for checkpoints that are not of one
 * model
 */
export function renderReport(documents: Documents): string {
  const facts = factsOf(documents);
  const heatMap = heatMapSection(facts);
  const scores = scoresSection(facts);
  const training = trainingSection(facts);
  const stacks = stacksSection(facts);
  const series = seriesSection(facts);
  const sections: [id: string, name: string][] = [
    ['says', 'What this says'],
    ['read', 'How to read this'],
    ['blocks', 'Blocks'],
    ...(series ? ([['series', 'Over training']] as [string, string][]) : []),
    ...(heatMap ? ([['map', 'Projections']] as [string, string][]) : []),
    ...(scores ? ([['scores', 'Scores']] as [string, string][]) : []),
    ...(training ? ([['training', 'Training']] as [string, string][]) : []),
    ...(stacks ? ([['stacks', 'Other stacks']] as [string, string][]) : []),
    ['matrices', 'Every matrix'],
    ['omitted', 'Left out'],
    ['made', 'How it was made'],
  ];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src '${trusted(scriptHash)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(facts.analysis.model.source)}: heavy-tail report</title>
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${plotArea()}
<div class="bar-top"><nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></div>
<main id="main">
${summarySection(facts)}
${guideSection(facts)}
${blocksSection(facts)}
${series}
${heatMap}
${scores}
${training}
${stacks}
${matricesSection(facts)}
${omissionsSection(facts)}
${provenanceSection(facts)}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.markup;
}

/** What all small charts are clipped to, once for all of them. */
function plotArea(): Html {
  const { left, right, top, bottom } = area;
  return html`<svg class="unseen" role="img" aria-label="" aria-hidden="true"><clipPath id="area"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath></svg>`;
}
