/** Models whose exponents are known: their spectra, by kind and seed. */
import { seededRandom } from '../../packages/contracts/dist/entry-numbers.js';
import { createWasmEngine } from '../../packages/spectra-wasm/dist/node.js';

const BLOCKS = 12;
const ROLES = 7;
const VALUES = 192;
/** Rows of the matrices whose eigenvalues repel, for each column. */
const RATIO = 4;

const shares = [0.05, 0.1, 0.2, 0.4, 0.6, 1];

export const kinds = shares.flatMap((share) =>
  [false, true].flatMap((repelling) =>
    [false, true].map((spikes) => {
      const words = [`tail ${100 * share} %`, repelling ? 'repelling' : 'independent'];
      return {
        name: [...words, ...(spikes ? ['spikes'] : [])].join(', '),
        share,
        repelling,
        spikes,
      };
    }),
  ),
);

const engine = createWasmEngine();
export const close = () => engine.close();

const normal = (random) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Quantiles of a Marchenko-Pastur bulk of ratio 1/2, its upper edge at 1, by the density's sum. */
function bulk(count) {
  const [low, high] = [(1 - Math.SQRT1_2) ** 2, (1 + Math.SQRT1_2) ** 2];
  const steps = 4000;
  const at = (i) => low + ((high - low) * (i + 0.5)) / steps;
  const mass = Array.from(
    { length: steps },
    (_, i) => Math.sqrt((high - at(i)) * (at(i) - low)) / at(i),
  );
  const total = mass.reduce((a, b) => a + b, 0);
  const values = [];
  let sum = 0;
  for (let i = 0; i < steps && values.length < count; i++) {
    sum += mass[i] / total;
    while (values.length < count && sum >= (values.length + 0.5) / count) values.push(at(i) / high);
  }
  while (values.length < count) values.push(1);
  return values;
}

/** The eigenvalues of one projection, ascending. */
async function eigenvaluesOf({ share, repelling, spikes }, alpha, random) {
  const tail = Math.round(share * VALUES);
  const inTail = (q) => (1 - q) ** (-1 / (alpha - 1));
  const draws = (i) => (repelling ? (i + 0.5) / tail : random());
  const population = [
    ...bulk(VALUES - tail),
    ...Array.from({ length: tail }, (_, i) => inTail(draws(i))),
  ];
  let values = Float64Array.from(population);
  if (repelling) {
    const rows = RATIO * VALUES;
    const entries = Float64Array.from({ length: rows * VALUES }, (_, i) => {
      return normal(random) * Math.sqrt(population[i % VALUES] / rows);
    });
    const read = async (start = 0, end = rows) => entries.subarray(start * VALUES, end * VALUES);
    const matrix = { name: 'planted', rows, columns: VALUES, dtype: 'F64', read };
    values = (await engine.singularValues(matrix, { precision: 'f64' })).map((value) => value ** 2);
  }
  values.sort();
  // Of every other matrix.
  if (spikes && random() < 0.5) {
    const largest = values.at(-1);
    for (const [i, factor] of [4, 6, 9].entries()) values[VALUES - 3 + i] = factor * largest;
  }
  return values;
}

/**
 * @returns the planted exponents of the blocks, and two replicates of the model, each a list of
 *   `{ name, block, eigenvalues }`
 */
export async function planted(kind, seed) {
  const random = seededRandom(seed, `truth of ${kind.name}`);
  const bounds = [Math.log(1.2), Math.log(4)];
  const logs = Array.from({ length: BLOCKS }, () => bounds[0] + random() * (bounds[1] - bounds[0]));
  const roles = Array.from({ length: ROLES }, () => 0.25 * normal(random));
  const alphas = logs.map((log) =>
    roles.map((role) => 1 + Math.exp(log + role + 0.1 * normal(random))),
  );
  const replicates = [];
  for (const replicate of [0, 1]) {
    const draw = seededRandom(seed, `replicate ${replicate} of ${kind.name}`);
    const model = [];
    for (let block = 0; block < BLOCKS; block++) {
      for (let role = 0; role < ROLES; role++) {
        const eigenvalues = await eigenvaluesOf(kind, alphas[block][role], draw);
        model.push({ name: `${block}.${role}`, block, eigenvalues });
      }
    }
    replicates.push(model);
  }
  return { truth: logs.map((log) => 1 + Math.exp(log)), replicates };
}
