/**
 * Times this engine beside the one in WebAssembly, in turns, so that what else the machine does meets both:
 *
 *     node bench/engines.mjs [--runs 3] [--precision f32,f64] [--builds auto,avx2] [--threads 1] 1024x1024 ...
 *
 * Needs both built. Matrices are random bfloat16. Prints the median seconds of processor time and of the
 * clock, and how many times as long WebAssembly takes.
 */
import { parseArgs } from 'node:util';
import { createWasmEngine } from '@alphalora/spectra-wasm/node';
import { createNativeEngine } from '../dist/index.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    precision: { type: 'string', default: 'f32,f64' },
    builds: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: '1' },
  },
});
const sizes = positionals.length > 0 ? positionals : ['1024x1024', '2048x2048', '4096x4096'];
const threads = Number(options.threads);
const engines = new Map([['wasm', createWasmEngine()]]);
for (const build of options.builds.split(',')) {
  const engine = createNativeEngine({ build, threads });
  engines.set(`native ${await engine.build()}`, engine);
}

for (const size of sizes) {
  const [rows, columns] = size.split('x').map(Number);
  const matrix = randomMatrix(rows, columns);
  for (const precision of options.precision.split(',')) {
    const times = new Map([...engines.keys()].map((name) => [name, []]));
    for (let run = 0; run < Number(options.runs); run++) {
      for (const [name, engine] of engines) {
        const [start, before] = [performance.now(), process.cpuUsage()];
        await engine.singularValues(matrix, { precision });
        const { user, system } = process.cpuUsage(before);
        times.get(name).push([(performance.now() - start) / 1e3, (user + system) / 1e6]);
      }
    }
    const [, wasm] = medians(times.get('wasm'));
    for (const [name, list] of times) {
      const [clock, processor] = medians(list);
      console.log(
        `${size.padEnd(11)} ${precision}  ${name.padEnd(18)} ${clock.toFixed(3)} s  processor ${processor.toFixed(3)} s` +
          `  ${(wasm / processor).toFixed(2)} x`,
      );
    }
  }
}

function medians(list) {
  const median = (at) => list.map((pair) => pair[at]).sort((a, b) => a - b)[list.length >> 1];
  return [median(0), median(1)];
}

/** Standard deviation about 0.02, as in language models, from a fixed seed. */
function randomMatrix(rows, columns) {
  const stored = new Uint16Array(rows * columns);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  let state = 1;
  for (let i = 0; i < stored.length; i++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      sum += (state >>> 8) / 2 ** 24 - 0.5;
    }
    float[0] = 0.035 * sum;
    stored[i] = bits[0] >>> 16;
  }
  const bytes = new Uint8Array(stored.buffer);
  return {
    ...{ name: size(rows, columns), rows, columns, dtype: 'BF16' },
    async read() {
      throw new Error('reads stored bytes only');
    },
    async readInto(target, start) {
      const from = start * columns * 2;
      target.set(bytes.subarray(from, from + target.length));
    },
  };
}

function size(rows, columns) {
  return `random ${rows}x${columns}`;
}
