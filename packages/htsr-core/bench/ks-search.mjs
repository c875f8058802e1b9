/**
 * Times the search for the cut with the smallest Kolmogorov-Smirnov distance:
 * `node bench/ks-search.mjs [--runs 9] [--size 11008]`. Needs a build (`pnpm build`).
 *
 * Prints the median over the runs for several kinds of spectra, and whether a search that measures
 * every cut to its end finds the same cut.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '@alphalora/contracts/numbers';
import { ks } from '../dist/estimators/ks.js';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '9' },
    size: { type: 'string', default: '11008' },
  },
});
const [runs, size] = [Number(options.runs), Number(options.size)];

/** Eigenvalues of a kind, from numbers that are uniform in (0, 1). */
const kinds = {
  'Pareto, alpha 2.5': (draw) => (1 - draw()) ** (-1 / 1.5),
  'Pareto, alpha 5': (draw) => (1 - draw()) ** (-1 / 4),
  'Marchenko-Pastur bulk, 20 % tail': (draw) =>
    draw() < 0.8 ? marchenkoPastur(draw, 0.5) : 2 * (1 - draw()) ** (-1 / 1.5),
  'square matrix, 5 % tail': (draw) =>
    draw() < 0.95 ? marchenkoPastur(draw, 1) : 3 * (1 - draw()) ** (-1 / 2.2),
  'two decades, log-normal (as GPT-2)': (draw) => Math.exp(1.4 * normal(draw)),
  uniform: (draw) => draw(),
  'integers with ties': (draw) => Math.ceil((1 - draw()) ** (-1 / 1.2)),
};

console.log(`${cpus()[0].model}, Node ${process.version}, ${size} eigenvalues, median of ${runs}`);
for (const [name, kind] of Object.entries(kinds)) {
  const draw = seededRandom(1, name);
  const eigenvalues = Float64Array.from({ length: size }, () => kind(draw)).sort();
  const milliseconds = [];
  let fit;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    fit = ks.fit(eigenvalues);
    milliseconds.push(performance.now() - start);
  }
  milliseconds.sort((a, b) => a - b);
  const start = performance.now();
  const tail = size - fullSearch(eigenvalues);
  const full = performance.now() - start;
  console.log(
    `${name.padEnd(36)} ${milliseconds[runs >> 1].toFixed(1).padStart(6)} ms` +
      `  tail ${fit.tail}  full search ${full.toFixed(0)} ms ${tail === fit.tail ? 'agrees' : `differs: ${tail}`}`,
  );
}

/** Every cut to its end, nothing shared with the search that is timed. */
function fullSearch(eigenvalues) {
  let [best, smallest] = [-1, Number.POSITIVE_INFINITY];
  let sum = 0;
  const logs = eigenvalues.map(Math.log);
  const sums = logs.slice();
  for (let i = size - 1; i >= 0; i--) {
    sum += logs[i];
    sums[i] = sum;
  }
  for (let cut = 0; cut < size - 1; cut++) {
    if (eigenvalues[cut] === eigenvalues[size - 1]) break;
    const tail = size - cut;
    const exponent = -tail / (sums[cut] - tail * logs[cut]);
    let distance = 0;
    for (let j = 0; j < tail; j++) {
      const fitted = 1 - Math.exp(exponent * (logs[cut + j] - logs[cut]));
      distance = Math.max(distance, Math.abs(fitted - j / tail));
    }
    if (distance < smallest) [best, smallest] = [cut, distance];
  }
  return best;
}

function normal(draw) {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** A draw from the law with the aspect ratio c, scaled to the mean 1, by rejection. */
function marchenkoPastur(draw, c) {
  const [low, high] = [(1 - Math.sqrt(c)) ** 2, (1 + Math.sqrt(c)) ** 2];
  for (;;) {
    // sqrt(lambda) has a bounded density.
    const root = Math.sqrt(low) + draw() * (Math.sqrt(high) - Math.sqrt(low));
    const value = root ** 2;
    if (draw() * 2 < Math.sqrt((high - value) * (value - low)) / (root * Math.sqrt(c)))
      return value;
  }
}
