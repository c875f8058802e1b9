/**
 * Seconds of one core that a worker takes for a matrix of each size: bfloat16 with heavy-tailed rows,
 * default options (arithmetic chosen for the matrix, 200 draws, default metrics), digest and reading
 * from disk included. It is the worker's processor time, the least of a few; the clock's is beside it,
 * which other programs lengthen.
 *
 *   npm run setup
 *   node benchmarks/capacity/matrices.mjs [1024x1024 4096x11008 ...]
 *
 * Needs Linux, redis-server, and memory and disk for three of the matrices.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeValues, serializeSafetensors } from '../../packages/checkpoint/dist/index.js';
import { fillMatrix, machine, uniform } from '../lib.mjs';
import { processorSeconds, withQueue } from './lib.mjs';

const main = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
const given = process.argv.slice(2);
const sizes = given.length > 0 ? given : ['1024x1024', '2048x2048', '2048x7168', '4096x4096'];

console.log(JSON.stringify(machine()));
for (const size of sizes) {
  const [rows, columns] = size.split('x').map(Number);
  const repeats = rows * rows * columns > 1e11 ? 1 : 3;
  const { seconds, clock, precision } = await measure(rows, columns, repeats);
  const least = Number(Math.min(...seconds).toFixed(2));
  const operations = rows * rows * columns + (4 / 3) * rows ** 3;
  const rate = Number((operations / least / 1e9).toFixed(1));
  console.log(
    JSON.stringify({ size, precision, seconds: least, clock, gigaOperationsPerSecond: rate }),
  );
}

async function measure(rows, columns, repeats) {
  const folder = mkdtempSync(join(tmpdir(), 'alphalora-matrices-'));
  try {
    const handle = openSync(join(folder, 'model.safetensors'), 'w');
    for (const part of serializeSafetensors({ tensors: weights(rows, columns, repeats) }))
      writeSync(handle, part);
    return await withQueue(async (url) => {
      const worker = spawn(
        process.execPath,
        [main, 'worker', url, '--root', folder, '--jobs', '1', '--no-cache', '--json'],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      const seconds = [];
      const clock = [];
      let before;
      worker.stdout.on('data', (data) => {
        const now = processorSeconds([worker]);
        for (const line of String(data).trimEnd().split('\n')) {
          const event = JSON.parse(line);
          if (event.kind === 'done') {
            seconds.push(now - before);
            clock.push(event.seconds);
          }
        }
        before = now;
      });
      const { matrices } = JSON.parse(await output(['analyze', folder, '--json', '--queue', url]));
      worker.kill();
      return {
        seconds,
        precision: matrices.at(-1).precision,
        clock: Number(Math.min(...clock).toFixed(2)),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Row by row: as numbers, a large matrix would take twice the memory. */
function weights(rows, columns, repeats) {
  return Array.from({ length: repeats }, (_, block) => {
    const bytes = new Uint8Array(2 * rows * columns);
    const random = uniform(block + 1);
    const row = new Float32Array(columns);
    for (let i = 0; i < rows; i++) {
      fillMatrix(row, columns, 'heavy', random);
      bytes.set(encodeValues(row, 'BF16'), 2 * i * columns);
    }
    const name = `model.layers.${block}.self_attn.q_proj.weight`;
    return { name, dtype: 'BF16', shape: [rows, columns], bytes };
  });
}

function output(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`exit ${code}`))));
  });
}
