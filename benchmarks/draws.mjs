/**
 * How far rigid draws and the bootstrap can be trusted, for each estimator.
 *
 *   npm run setup
 *   node benchmarks/draws.mjs [--replicates 40] [--samples 400]
 *
 * Replicates: matrices with Gaussian rows whose covariance has the spectrum of a Pareto tail, and plain
 * Gaussian ones. Printed is the standard deviation of ln(alpha - 1) over replicates, and by draws over
 * that. Samples: independent Pareto eigenvalues; printed is how often the 95 % interval of the bootstrap
 * and of rigid draws holds the exponent. Spectra by the WebAssembly engine in float64.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../packages/contracts/dist/entry-numbers.js';
import { estimators, hill, mean, measureUnit } from '../packages/htsr-core/dist/index.js';
import { createWasmEngine } from '../packages/spectra-wasm/dist/node.js';
import { machine } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    replicates: { type: 'string', default: '40' },
    samples: { type: 'string', default: '400' },
  },
});
const replicates = Number(options.replicates);
const samples = Number(options.samples);
console.log(JSON.stringify({ ...machine(), replicates, samples }));

const named = async (name) => ({ label: name, estimator: await estimators.load(name) });
const candidates = [
  ...(await Promise.all(
    estimators
      .names()
      .filter((name) => name !== 'hill')
      .map(named),
  )),
  { label: 'hill, share 0.5', estimator: hill({ share: 0.5 }) },
  { label: 'hill, share 0.25', estimator: hill({ share: 0.25 }) },
  { ...(await named('fix-finger')), label: 'fix-finger, bag 64', bag: 64 },
];

/** Measures eigenvalues, ascending, as if they were those of a matrix. */
async function measured(eigenvalues, name, more) {
  const side = eigenvalues.length;
  const matrix = { name, rows: side, columns: side, dtype: 'F64' };
  const engine = { name: 'given', singularValues: async () => descendingRoots(eigenvalues) };
  const unit = { name, shape: [side, side], dtype: 'F64', kind: 'other', matrices: [matrix] };
  return measureUnit(unit, { engine, metrics: ['none'], ...more });
}

const descendingRoots = (eigenvalues) => eigenvalues.map(Math.sqrt).reverse();
const variance = (values) => {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2)) * (values.length / (values.length - 1));
};
const logs = (alphas) => alphas.map((alpha) => Math.log(Math.abs(alpha - 1)));

const wasm = createWasmEngine();
const designs = {
  'tail 3, 768 x 384': { rows: 768, columns: 384, scale: (q) => (1 - q) ** (-1 / 4) },
  'tail 2.2, 768 x 384': { rows: 768, columns: 384, scale: (q) => (1 - q) ** (-1 / 2.4) },
  'tail 4, 1536 x 192': { rows: 1536, columns: 192, scale: (q) => (1 - q) ** (-1 / 6) },
  'Gaussian, 600 x 300': { rows: 600, columns: 300, scale: () => 1 },
};
for (const [design, { rows, columns, scale }] of Object.entries(designs)) {
  const spectra = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    const random = seededRandom(replicate, design);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const values = Float64Array.from(
      { length: rows * columns },
      (_, i) => normal() * scale(((i % columns) + 0.5) / columns),
    );
    const read = async (start = 0, end = rows) => values.subarray(start * columns, end * columns);
    const singular = await wasm.singularValues({ name: design, rows, columns, dtype: 'F64', read });
    spectra.push(singular.map((value) => value ** 2).reverse());
  }
  for (const { label, estimator, bag } of candidates) {
    const alphas = [];
    const spreads = { draws: [], bootstrap: [] };
    for (const [i, spectrum] of spectra.entries()) {
      try {
        const common = { estimator, seed: i, ...(bag && { bag }) };
        // Draws of a few replicates tell their spread.
        const count = i < 10 ? 100 : 0;
        for (const kind of Object.keys(spreads)) {
          const { alpha, draws } = await measured(spectrum, design, { ...common, [kind]: count });
          if (kind === 'draws') alphas.push(alpha);
          if (draws?.length > 1) spreads[kind].push(variance(logs(draws)));
        }
      } catch (error) {
        if (error.code !== 'NO_SPECTRUM') throw error;
      }
    }
    const line = [design, label];
    if (alphas.length < 3) line.push(`${spectra.length - alphas.length} without a fit`);
    else {
      const truth = Math.sqrt(variance(logs(alphas)));
      const ratio = (list) => (Math.sqrt(mean(list)) / truth).toFixed(2);
      line.push(`deviation ${truth.toFixed(4)}`, `rigid ${ratio(spreads.draws)}`);
      line.push(`bootstrap ${ratio(spreads.bootstrap)}`);
    }
    console.log(line.join('; '));
  }
}
await wasm.close();

for (const [size, alpha] of [
  [300, 3.5],
  [300, 2.2],
  [1000, 3],
]) {
  for (const { label, estimator, bag } of candidates) {
    if (bag) continue;
    const covered = { draws: 0, bootstrap: 0 };
    let counted = 0;
    for (let sample = 0; sample < samples; sample++) {
      const random = seededRandom(sample, `pareto ${size} ${alpha}`);
      const power = -1 / (alpha - 1);
      const spectrum = Float64Array.from({ length: size }, () => (1 - random()) ** power).sort();
      try {
        for (const kind of Object.keys(covered)) {
          const more = { estimator, seed: sample, [kind]: 200 };
          const { interval } = await measured(spectrum, 'pareto', more);
          if (interval?.[0] <= alpha && alpha <= interval[1]) covered[kind]++;
        }
        counted++;
      } catch (error) {
        if (error.code !== 'NO_SPECTRUM') throw error;
      }
    }
    const share = (count) => `${((100 * count) / counted).toFixed(1)} %`;
    console.log(
      `${size} independent values, alpha ${alpha}; ${label}; bootstrap covers ${share(covered.bootstrap)}; ` +
        `rigid ${share(covered.draws)}`,
    );
  }
}
