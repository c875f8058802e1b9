/**
 * Seconds per matrix with both cores busy: our engine, the reference engine, torch and numpy, in
 * turns within one run, medians at the end.
 *
 *   apt-get install python3-torch python3-numpy     # the peers; without them only ours is measured
 *   npm run setup                                   # builds
 *   node benchmarks/engines.mjs [--rounds 5] [--sizes 1024x1024,4096x11008] [--out results.json]
 *
 * The Node that runs this script runs our engine: call it with another `node` to compare releases.
 * PYTHON names the interpreter of the peers (default: /usr/bin/python3, where Debian installs them).
 *
 * Ours: one matrix per worker, two workers at once; seconds per matrix are those of the slower of the
 * pair, halved. Matrices are in memory before any clock starts.
 * Peers: one matrix at a time on two threads, which is what a loop over layers does. Every engine
 * has one warm-up on the first size; then all take turns, so that a slow phase of the machine meets
 * all of them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillMatrix, machine, median, python, startPeer, uniform } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    sizes: { type: 'string', default: '1024x1024,2048x2048,4096x4096,4096x11008' },
    kinds: { type: 'string', default: 'gaussian,heavy' },
    out: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'alphalora-bench-'));

function makeMatrix(kind, rows, columns, seed) {
  const values = new Float32Array(rows * columns);
  fillMatrix(values, columns, kind, uniform(seed));
  const file = join(folder, `${kind}-${rows}x${columns}-${seed}.f32`);
  writeFileSync(file, values);
  return { file, rows, columns };
}

const worker = () => startPeer(process.execPath, [here('peers/engine.mjs')]);
const ours = await Promise.all([worker(), worker()]);
if (ours.includes(undefined)) throw new Error('our engine does not start: npm run setup builds it');
const pythonPeer = await startPeer(python, [here('peers/linear_algebra.py')]);

/** Engine name to the function that gives seconds per matrix. */
const engines = {
  ours: async (pair) => {
    const answers = await Promise.all(
      ours.map((one, i) => one.ask({ engine: 'wasm', ...pair[i] })),
    );
    return Math.max(...answers.map(({ seconds }) => seconds)) / ours.length;
  },
  'ours, one worker': async ([first]) => (await ours[0].ask({ engine: 'wasm', ...first })).seconds,
  'ml-matrix': async ([first]) => (await ours[0].ask({ engine: 'ml-matrix', ...first })).seconds,
};
for (const name of pythonPeer?.about.engines ?? []) {
  engines[name] = async ([first]) => (await pythonPeer.ask({ engine: name, ...first })).seconds;
}
/** Pure JavaScript takes minutes from here on; one core, cubic. */
const applies = (name, rows, columns) => name !== 'ml-matrix' || rows * columns <= 1024 * 1024;

const about = { ...machine(), peers: pythonPeer?.about.versions ?? 'absent' };
console.log(JSON.stringify(about));
const results = [];
try {
  for (const size of options.sizes.split(',')) {
    const [rows, columns] = size.split('x').map(Number);
    for (const kind of options.kinds.split(',')) {
      const pair = [1, 2].map((seed) => makeMatrix(kind, rows, columns, seed));
      const times = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
      const warmUps = results.length === 0 ? 1 : 0;
      for (let round = 0; round < warmUps + rounds; round++) {
        for (const [name, run] of Object.entries(engines)) {
          if (!applies(name, rows, columns)) continue;
          const seconds = await run(pair);
          if (round >= warmUps) times[name].push(seconds);
        }
      }
      const medians = Object.fromEntries(
        Object.entries(times).flatMap(([name, list]) =>
          list.length ? [[name, median(list)]] : [],
        ),
      );
      results.push({ size, kind, medians, times });
      const cells = Object.entries(medians).map(
        ([name, seconds]) =>
          `${name} ${seconds.toFixed(3)} s (${(seconds / medians.ours).toFixed(2)}x)`,
      );
      console.log(`${size} ${kind}: ${cells.join('; ')}`);
      for (const { file } of pair) rmSync(file);
    }
  }
} finally {
  for (const one of [...ours, pythonPeer]) one?.stop();
  rmSync(folder, { recursive: true, force: true });
}
if (options.out)
  writeFileSync(options.out, `${JSON.stringify({ about, rounds, results }, null, 1)}\n`);
