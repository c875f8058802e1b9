/**
 * Times the engine alone: `node bench/engine.mjs [--runs 3] [--portable] [--precision f32,f64] 1024x1024 4096x11008 ...`
 * Needs a build (`pnpm build`). Matrices are random bfloat16; prints the median and the best of the runs.
 */
import { parseArgs } from 'node:util';
import { createWasmEngine as createPortable } from '../dist/index.js';
import { createWasmEngine as createForNode } from '../dist/node.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    precision: { type: 'string', default: 'f32,f64' },
    build: { type: 'string', default: 'auto' },
    portable: { type: 'boolean', default: false },
  },
});
const sizes = positionals.length > 0 ? positionals : ['1024x1024', '2048x2048', '4096x4096'];
const create = options.portable ? createPortable : createForNode;
const engine = create({ build: options.build });

for (const size of sizes) {
  const [rows, columns] = size.split('x').map(Number);
  const matrix = randomMatrix(rows, columns);
  for (const precision of options.precision.split(',')) {
    const seconds = [];
    let used;
    for (let run = 0; run < Number(options.runs); run++) {
      const start = performance.now();
      const onPrecision = (precision) => {
        used = precision;
      };
      await engine.singularValues(matrix, { precision, onPrecision });
      seconds.push((performance.now() - start) / 1000);
    }
    seconds.sort((a, b) => a - b);
    const order = Math.min(rows, columns);
    const operations = order ** 2 * Math.max(rows, columns) + (4 / 3) * order ** 3;
    const median = seconds[seconds.length >> 1];
    console.log(
      `${size.padEnd(12)} ${precision}${precision === used ? '' : ` (${used})`}  median ${median.toFixed(3)} s` +
        `  best ${seconds[0].toFixed(3)} s  ${(operations / median / 1e9).toFixed(1)} GFLOP/s` +
        `  memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
    );
  }
}
await engine.close();

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
    name: `random ${rows}x${columns}`,
    rows,
    columns,
    dtype: 'BF16',
    async read() {
      throw new Error('reads stored bytes only');
    },
    async readInto(target, start) {
      const from = start * columns * 2;
      target.set(bytes.subarray(from, from + target.length));
    },
  };
}
