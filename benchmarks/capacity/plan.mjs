/**
 * How long whole models take, and on how many cores: the table of docs/capacity.md.
 *
 *   node benchmarks/capacity/plan.mjs
 *
 * The work of a matrix follows from its sides by the two terms of the eigensolver, n^2 m for the Gram
 * matrix and 4/3 n^3 for its eigenvalues, at the rate that was measured for a size like it.
 */
import { simulate } from './simulation.mjs';

/** Seconds on one core by sides, as benchmarks/capacity/matrices.mjs measured them. */
const measuredSeconds = [
  { sides: [1024, 1024], seconds: 0.22 },
  { sides: [2048, 2048], seconds: 1.09 },
  { sides: [2048, 7168], seconds: 1.06 },
  { sides: [4096, 4096], seconds: 6.85 },
  { sides: [4096, 11008], seconds: 6.34 },
  { sides: [8192, 8192], seconds: 52.99 },
  { sides: [8192, 28672], seconds: 51.63 },
];
/** Seconds that the queue takes for a job, by benchmarks/capacity/overhead.mjs. */
const PER_JOB = 0.0007;
const WORKERS = [2, 16, 64, 256];

const llama = (hidden, keys, feedForward, blocks) =>
  repeated(blocks, [
    [hidden, hidden],
    [keys, hidden],
    [keys, hidden],
    [hidden, hidden],
    [hidden, feedForward],
    [hidden, feedForward],
    [hidden, feedForward],
  ]);

const models = {
  'Llama 2 7B': llama(4096, 4096, 11008, 32),
  'Llama 3.1 70B': llama(8192, 1024, 28672, 80),
  'Llama 3.1 405B': llama(16384, 1024, 53248, 126),
  'mixture, 58 blocks of 256 experts': repeated(58 * 256 * 3, [[2048, 7168]]),
};

for (const [model, sides] of Object.entries(models)) {
  const seconds = sides.map(secondsOf).sort((a, b) => b - a);
  const coreHours = seconds.reduce((sum, each) => sum + each, 0) / 3600;
  const times = WORKERS.map((workers) => {
    const took = simulate({ seconds, workers, perJob: PER_JOB });
    const share = took / simulate({ seconds, workers }) - 1;
    return `${duration(took)} (${(100 * share).toFixed(share < 0.001 ? 2 : 1)} %)`;
  });
  console.log(`| ${[model, sides.length, coreHours.toFixed(1), ...times].join(' | ')} |`);
}

/**
 * By the rate of the measured size whose sides have the nearest ratio, and the nearest area among
 * those: the ratio decides about the arithmetic, square matrices need float64.
 *
 * @param sides the smaller first
 */
function secondsOf([small, large]) {
  const distance = ({ sides: [n, m] }) =>
    10 * Math.abs(Math.log(large / small / (m / n))) +
    Math.abs(Math.log((small * large) / (n * m)));
  const nearest = measuredSeconds.toSorted((a, b) => distance(a) - distance(b))[0];
  return (nearest.seconds * operations(small, large)) / operations(...nearest.sides);
}

function operations(small, large) {
  return small * small * large + (4 / 3) * small ** 3;
}

function repeated(count, list) {
  return Array.from({ length: count }, () => list).flat();
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
