/**
 * Peak memory of the engine on inputs that must not be held, each in a process of its own.
 *
 *   npm run setup
 *   node benchmarks/memory.mjs [projection embedding huge]
 *
 * `projection`: 4096 x 11008, bfloat16, float32 arithmetic: a worker's share of a 7B model.
 * `embedding`: 128,256 x 4096, bfloat16, auto: Llama-3's.
 * `huge`: 16,384 x 53,248, bfloat16, float32 arithmetic: the largest projection of Llama-3.1-405B;
 * a quarter of an hour and 1.7 GB of disk.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../packages/checkpoint/dist/node/index.js';
import { spectralUnits } from '../packages/htsr-core/dist/index.js';
import { createWasmEngine } from '../packages/spectra-wasm/dist/node.js';
import { machine, peakBytes, uniform } from './lib.mjs';

const cases = {
  projection: { shape: [4096, 11008], precision: 'f32', limit: 130 },
  embedding: { shape: [128_256, 4096], precision: 'auto', limit: 200 },
  huge: { shape: [16_384, 53_248], precision: 'f32', limit: 2500 },
};

/** A checkpoint of one bfloat16 matrix, uniform in [-1, 1], written in pieces. */
function writeMatrix(file, shape) {
  const [rows, columns] = shape;
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'BF16', shape, data_offsets: [0, 2 * rows * columns] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const handle = openSync(file, 'w');
  writeSync(handle, Buffer.concat([length, header]));
  const random = uniform(1);
  const row = new Float32Array(columns);
  const bits = new Uint32Array(row.buffer);
  const stored = new Uint16Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) row[j] = 2 * random() - 1;
    for (let j = 0; j < columns; j++) stored[j] = bits[j] >>> 16;
    writeSync(handle, new Uint8Array(stored.buffer));
  }
  closeSync(handle);
}

async function measure(file, precision) {
  const checkpoint = await openCheckpoint(file);
  const [unit] = spectralUnits(checkpoint.tensors[0]);
  const before = process.memoryUsage().rss;
  const started = performance.now();
  let used;
  const values = await createWasmEngine().singularValues(unit.matrices[0], {
    precision,
    onPrecision: (arithmetic) => {
      used = arithmetic;
    },
  });
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  return {
    precision: used,
    seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    before: megabytes(before),
    added: megabytes(peakBytes() - before),
    largest: values[0],
  };
}

const [file, precision] = (process.env.MEMORY_CASE ?? '').split('|');
if (file) {
  console.log(JSON.stringify(await measure(file, precision)));
} else {
  console.log(JSON.stringify(machine()));
  const names = process.argv.length > 2 ? process.argv.slice(2) : ['projection', 'embedding'];
  const folder = mkdtempSync(join(tmpdir(), 'alphalora-memory-'));
  try {
    for (const name of names) {
      const { shape, precision: arithmetic, limit } = cases[name];
      const path = join(folder, `${name}.safetensors`);
      writeMatrix(path, shape);
      const { stdout, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
        env: { ...process.env, MEMORY_CASE: `${path}|${arithmetic}` },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (status !== 0) process.exit(status ?? 1);
      console.log(`${name} ${shape.join(' x ')}, limit ${limit} MB: ${stdout.trim()}`);
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
