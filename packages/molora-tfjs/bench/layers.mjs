/**
 * Times the linear maps on WebAssembly, one core, forward and backward:
 * `node bench/layers.mjs [--rows 256] [--runs 21] [512 2048 ...]`. Needs a build (`pnpm build`).
 *
 * First the frozen linear map against the library's own gradient of it (input alone); then what
 * experts cost: a frozen map with one LoRA, and with packed experts under a top-2 router, without
 * dropout. `python3 bench/official_loop.py` gives the same for a loop over experts in PyTorch. Runs
 * alternate between the contestants, and medians are printed, so that ratios hold on a busy machine.
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import {
  adaptedProjection,
  createFrozenLinear,
  createRouter,
  initialTensors,
} from '../dist/index.js';
import { frozenLinear } from '../dist/ops/frozen-linear.js';

const { values: options, positionals } = parseArgs({
  options: {
    rows: { type: 'string', default: '256' },
    runs: { type: 'string', default: '21' },
  },
  allowPositionals: true,
});
const [rows, runs] = [Number(options.rows), Number(options.runs)];
const sizes = positionals.length > 0 ? positionals.map(Number) : [512, 2048];

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(wasm)}/`);
await tf.setBackend('wasm');
await tf.ready();
console.log(
  `${cpus()[0].model}, Node ${process.version}, wasm; ${rows} tokens, median of ${runs} runs`,
);

for (const size of sizes) {
  const weight = tf.randomUniform([size, size], -1, 1);
  const base = createFrozenLinear(weight);
  const x = tf.randomUniform([rows, size], -1, 1);
  const dy = tf.randomUniform([rows, size], -1, 1);
  const own = tf.grad((x) => frozenLinear(x, base));
  const library = tf.grad((x) => tf.matMul(x, base.kernel));

  const linear = medians({ own: () => own(x, dy), library: () => library(x, dy) });
  const flops = 4 * rows * size * size;
  const speed = (milliseconds) => `${(flops / milliseconds / 1e6).toFixed(1)} GFLOP/s`;
  console.log(`\n${size} to ${size}`);
  print('frozen linear map', linear.own, speed(linear.own));
  print("the library's gradient", linear.library, speed(linear.library));

  const layers = medians({
    lora: adapted(x, dy, base, { ranks: [8], topK: 1 }),
    packed: adapted(x, dy, base, { ranks: Array.from({ length: 8 }, () => 8), topK: 2 }),
  });
  print('one LoRA of rank 8', layers.lora, '1.00');
  print('8 packed experts of rank 8', layers.packed, (layers.packed / layers.lora).toFixed(2));
  tf.dispose([weight, { ...base }, x, dy]);
}

/** Gradients of the input and of every trainable tensor. */
function adapted(x, dy, base, { ranks, topK }) {
  const size = x.shape[1];
  const scalings = ranks.map((rank) => 16 / rank);
  const projection = { name: 'p', block: 0, inputs: size, outputs: size, ranks, scalings, topK };
  const router = { name: 'top-k', options: {} };
  const initial = initialTensors({ projections: [projection], router, dropout: 0 }, 1);
  const names = Object.keys(initial);
  const tensors = names.map((name) => tf.tensor(initial[name].values, initial[name].shape));
  const context = { router: createRouter(router), training: true, dropout: 0, seed: 1 };
  const gradients = tf.grads((x, ...given) => {
    const named = Object.fromEntries(names.map((name, i) => [name, given[i]]));
    return adaptedProjection(x, base, projection, named, context).output;
  });
  return () => gradients([x, ...tensors], dy);
}

/** Of each contestant in milliseconds; they take turns, after two turns to warm up. */
function medians(contestants) {
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let turn = -2; turn < runs; turn++) {
    for (const [name, run] of Object.entries(contestants)) {
      const start = performance.now();
      tf.dispose(run());
      if (turn >= 0) times[name].push(performance.now() - start);
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => [name, all.sort((a, b) => a - b)[runs >> 1]]),
  );
}

function print(title, milliseconds, remark) {
  console.log(`  ${title.padEnd(28)} ${milliseconds.toFixed(2).padStart(8)} ms  ${remark}`);
}
