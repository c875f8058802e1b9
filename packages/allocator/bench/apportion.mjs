/**
 * Times exact apportionment and allocation: `node bench/apportion.mjs [--runs 9]`. Needs a build
 * (`pnpm build`).
 *
 * Prints the machine and medians: 1,000 blocks of 7 projections with the shapes of LLaMA-3-8B
 * (grouped-query attention) under a billion trainable parameters; 100,000 units among equal and
 * unequal layers; the bits of 100,000 layers; and 200 draws of a 32-block allocation with its robustness.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  allocate,
  allocateRobustly,
  alphalora,
  apportion,
  layersFromScores,
  policies,
} from '../dist/index.js';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '9' } } });
const runs = Number(options.runs);

const shapes = [
  ['q_proj', 4096, 4096],
  ['k_proj', 4096, 1024],
  ['v_proj', 4096, 1024],
  ['o_proj', 4096, 4096],
  ['gate_proj', 4096, 14336],
  ['up_proj', 4096, 14336],
  ['down_proj', 14336, 4096],
];

/** Like alphas, between 2 and 6, and the same in every run. */
const score = (i) => 2 + ((i * 7919) % 10007) / 2500;

const projections = Array.from({ length: 7000 }, (_, index) => {
  const block = Math.floor(index / 7);
  const [role, inputs, outputs] = shapes[index % 7];
  const name = `model.layers.${block}.${role}.weight`;
  return {
    index,
    block,
    score: score(index),
    name,
    role,
    inputs,
    outputs,
    parameters: inputs * outputs,
    modules: [{ name, role, inputs, outputs }],
  };
});
const perProjection = (rank, total) => ({
  layers: projections,
  policy: alphalora,
  budget: { per: 'projection', measure: 'parameters', total, min: 0 },
  rank,
});

const weights = (count) => Array.from({ length: count }, (_, i) => score(i) ** 2.5);
const alike = (count) => new Array(count).fill(1);
const prices = (count) => Array.from({ length: count }, (_, i) => 1 + ((i * 104729) % 10007));
const sum = (list) => list.reduce((a, b) => a + b, 0);

const blocks = layersFromScores(Array.from({ length: 32 }, (_, i) => score(i)));
const draws = Array.from({ length: 200 }, (_, d) => blocks.map((_, i) => score(32 * d + i)));
const without = Array.from({ length: 224 }, (_, i) => ({
  block: i % 32,
  name: `matrix ${i}`,
  alpha: score(i),
  score: score(i + 9),
}));

const quantized = layersFromScores(
  Array.from({ length: 1e5 }, (_, i) => ({
    score: score(i),
    name: `${i}`,
    inputs: 64,
    outputs: 64,
    variance: 1 + (i % 11),
  })),
);
const alphaq = await policies.load('alphaq');

const cases = {
  '1,000 x 7 projections, 10^9 parameters, rank 8': () => allocate(perProjection(8, 1e9)),
  '1,000 x 7 projections, 10^9 parameters, rank 1': () => allocate(perProjection(1, 1e9)),
  '100,000 units of one price among 1,000': () =>
    apportion({ weights: weights(1000), costs: alike(1000), budget: 1e5 }),
  '100,000 units of one price among 100,000': () =>
    apportion({ weights: weights(1e5), costs: alike(1e5), budget: 1e5 }),
  '100,000 layers, prices from 1 to 10^4': () =>
    apportion({ weights: weights(1e5), costs: prices(1e5), budget: sum(prices(1e5)) }),
  'bits of 100,000 layers': () =>
    allocate({
      layers: quantized,
      policy: alphaq,
      budget: { unit: 'bits', per: 'projection', total: 350_000, min: 2, max: 8 },
    }),
  '200 draws and 224 omissions of 32 blocks': () =>
    allocateRobustly(
      { layers: blocks, policy: alphalora, budget: { total: 160 } },
      { draws, without },
    ),
};

console.log(`${cpus()[0].model}, Node ${process.version}, median of ${runs}`);
for (const [name, work] of Object.entries(cases)) {
  const milliseconds = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    milliseconds.push(performance.now() - start);
  }
  milliseconds.sort((a, b) => a - b);
  console.log(`${name.padEnd(48)} ${milliseconds[runs >> 1].toFixed(1).padStart(7)} ms`);
}
