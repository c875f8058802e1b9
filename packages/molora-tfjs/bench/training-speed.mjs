/**
 * Tokens per second of training steps (forward, backward and the gradients of all trainable tensors)
 * on WebAssembly, one core: `node bench/training-speed.mjs [--model <folder>] [--rows 8]
 * [--length 128] [--steps 10] [--recompute]`. Needs a build (`pnpm build`) and the wasm backend.
 *
 * @param --profile prints where the time of a step goes, by kernel
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { adaptedModel } from '../dist/decoder/index.js';
import { initialTensors } from '../dist/index.js';
import { loadModel } from '../dist/node/index.js';

const demo = fileURLToPath(new URL('../../../examples/demo-model', import.meta.url));
const real = fileURLToPath(new URL('../../../../shared/data/babyllama-tok361', import.meta.url));
const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: existsSync(real) ? real : demo },
    rows: { type: 'string', default: '8' },
    length: { type: 'string', default: '128' },
    steps: { type: 'string', default: '10' },
    recompute: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const [rows, length, steps] = [options.rows, options.length, options.steps].map(Number);

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(wasm)}/`);
await tf.setBackend('wasm');
await tf.ready();
const { decoder } = await loadModel(options.model);
const { config } = decoder;
const attention = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
const all = [...attention, 'gate_proj', 'up_proj', 'down_proj'];

console.log(
  `${cpus()[0].model}, Node ${process.version}, wasm; ${options.model}; ` +
    `${rows} rows of ${length} tokens, median of ${steps} steps` +
    (options.recompute ? ', blocks recomputed' : ''),
);
for (const [name, roles, experts, dropout] of [
  ['LoRA of rank 8, q_proj and v_proj', ['q_proj', 'v_proj'], 1, 0],
  ['LoRA of rank 8, all projections', all, 1, 0],
  ['4 experts of rank 8, top 2, attention', attention, 4, 0],
  ['4 experts of rank 8, top 2, all projections', all, 4, 0],
  ['4 experts of rank 8, top 2, all projections, dropout 0.05', all, 4, 0.05],
]) {
  const model = adaptedModel(decoder, adapterState(roles, experts, dropout), options);
  const milliseconds = [];
  for (let step = -3; step < steps; step++) {
    const start = performance.now();
    trainingStep(model, step);
    if (step >= 0) milliseconds.push(performance.now() - start);
  }
  milliseconds.sort((a, b) => a - b);
  const speed = (step) =>
    `${step.toFixed(0)} ms, ${((1000 * rows * length) / step).toFixed(0)} tokens/s`;
  console.log(`${name}: ${speed(milliseconds[steps >> 1])}; fastest ${speed(milliseconds[0])}`);
  if (options.profile) await profile(() => trainingStep(model, 0));
  model.dispose();
}

function trainingStep({ trainable }, seed) {
  const batch = {
    ids: Int32Array.from(
      { length: rows * length },
      (_, i) => (i * 7919 + seed + 3) % config.vocabularySize,
    ),
    weights: new Float32Array(rows * length).fill(1),
    lengths: new Array(rows).fill(length),
    rows,
    length,
  };
  const { value, grads } = tf.variableGrads(
    () => trainable.loss(batch, { seed, training: true }),
    trainable.variables,
  );
  value.dataSync();
  tf.dispose([value, grads]);
}

function adapterState(roles, experts, dropout) {
  const projections = [];
  for (const [block, own] of config.blocks.entries()) {
    for (const { name, role, inputs, outputs } of own.projections) {
      if (!roles.includes(role)) continue;
      projections.push({
        name,
        block,
        role,
        inputs,
        outputs,
        ranks: new Array(experts).fill(8),
        scalings: new Array(experts).fill(2),
        topK: Math.min(2, experts),
      });
    }
  }
  const spec = { projections, router: { name: 'top-k', options: {} }, dropout };
  return { spec, tensors: initialTensors(spec, 1) };
}

async function profile(step) {
  const { kernels } = await tf.profile(step);
  const totals = new Map();
  for (const { name, kernelTimeMs, inputShapes } of kernels) {
    const key = `${name} ${JSON.stringify(inputShapes)}`;
    const entry = totals.get(key) ?? { time: 0, count: 0 };
    totals.set(key, { time: entry.time + kernelTimeMs, count: entry.count + 1 });
  }
  const sorted = [...totals].sort(([, a], [, b]) => b.time - a.time).slice(0, 25);
  for (const [key, { time, count }] of sorted)
    console.log(`  ${time.toFixed(1).padStart(8)} ms ${String(count).padStart(5)} x ${key}`);
}
