/**
 * Elements that are dequantized in a second, of every type that ggml stores in blocks, beside the Python
 * package gguf on numpy: one thread each, in turns, medians.
 *
 *   pip install gguf                                # the peer; without it only ours is measured
 *   npm run setup
 *   node benchmarks/dequantization.mjs [--rounds 5] [--types Q4_K,Q6_K]
 *
 * PYTHON names the interpreter of the peer. 4096 x 4096 elements of seeded random bytes, in memory before any
 * clock starts. `into an array` fills the same array again and again, as reading does; `decodeValues` and
 * gguf also allocate what they return, and its pages, which are new to the process, take most of the time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeInto, decodeValues } from '../packages/checkpoint/dist/values/decode.js';
import { elementTypes } from '../packages/contracts/dist/index.js';
import { machine, median, python, startPeer, uniform } from './lib.mjs';

const rows = 4096;
const count = rows * 4096;
const blocked = Object.keys(elementTypes).filter((dtype) => elementTypes[dtype].elements > 1);
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    types: { type: 'string', default: blocked.join() },
  },
});
const peer = await startPeer(python, [
  fileURLToPath(new URL('peers/dequantization.py', import.meta.url)),
]);
console.log(JSON.stringify({ ...machine(), peer: peer?.about.versions ?? 'absent' }));

const folder = mkdtempSync(join(tmpdir(), 'alphalora-bench-'));
const file = join(folder, 'stored');
const target = new Float32Array(count);
try {
  for (const dtype of options.types.split(',')) {
    const { elements, bytes } = elementTypes[dtype];
    const random = uniform(1);
    const stored = Uint8Array.from({ length: (count / elements) * bytes }, () => 256 * random());
    writeFileSync(file, stored);
    const contestants = {
      'into an array': () => seconds(() => decodeInto(stored, dtype, target)),
      decodeValues: () => seconds(() => decodeValues(stored, dtype)),
      ...(peer && { gguf: async () => (await peer.ask({ dtype, file, rows })).seconds }),
    };
    const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
    // The first round warms up.
    for (let round = 0; round <= Number(options.rounds); round++) {
      for (const [name, run] of Object.entries(contestants)) {
        const took = await run();
        if (round > 0) times[name].push(took);
      }
    }
    const rates = Object.entries(times).map(
      ([name, list]) => `${name} ${(count / median(list) / 1e6).toFixed(0)}`,
    );
    console.log(`${dtype}: ${rates.join('; ')} million elements/s`);
  }
} finally {
  peer?.stop();
  rmSync(folder, { recursive: true });
}

function seconds(work) {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}
