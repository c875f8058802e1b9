/**
 * How often blocks that are alike are told apart: models of Gaussian matrices, which have learned
 * nothing.
 *
 *   npm run setup
 *   node benchmarks/homogeneity.mjs [--models 100] [--width 64] [--blocks 12]
 *
 * Each block has the seven projections of a Llama layer (a third of the heads for keys and values, an
 * MLP 8/3 as wide). Printed is how often the p-value is at most 5 %, by estimator, with its default
 * aggregate.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../packages/contracts/dist/entry-numbers.js';
import {
  alternativeScores,
  analyze,
  estimators,
  weightFromValues,
} from '../packages/htsr-core/dist/index.js';
import { createWasmEngine } from '../packages/spectra-wasm/dist/node.js';
import { machine } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: '100' },
    width: { type: 'string', default: '64' },
    blocks: { type: 'string', default: '12' },
  },
});
const [models, width, blocks] = [options.models, options.width, options.blocks].map(Number);
console.log(JSON.stringify({ ...machine(), models, width, blocks }));

const [keys, wide] = [Math.ceil(width / 3), Math.ceil((8 / 3) * width)];
const shapes = {
  q_proj: [width, width],
  k_proj: [keys, width],
  v_proj: [keys, width],
  o_proj: [width, width],
  gate_proj: [wide, width],
  up_proj: [wide, width],
  down_proj: [width, wide],
};
const engine = createWasmEngine();

for (const name of ['hill', 'ks', 'fix-finger']) {
  let apart = 0;
  for (let model = 0; model < models; model++) {
    const random = seededRandom(model, 'homogeneity');
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const weights = Array.from({ length: blocks }, (_, block) =>
      Object.entries(shapes).map(([role, shape]) => {
        const values = Float32Array.from({ length: shape[0] * shape[1] }, normal);
        const weight = { name: `h.${block}.${role}`, shape, values, block, role };
        return weightFromValues({ ...weight, kind: 'projection' });
      }),
    ).flat();
    const { matrices, options: record } = await analyze(weights, {
      engine,
      estimator: await estimators.load(name),
      metrics: 'none',
      tool: { name: 'benchmark', version: '1' },
      model: { source: 'random', blocks },
    });
    if (alternativeScores(matrices, blocks, record).homogeneity <= 0.05) apart++;
  }
  console.log(`${name}: ${apart} of ${models} models`);
}
await engine.close();
