/**
 * What the metrics, the bootstrap and the randomised matrix cost on top of the spectrum itself.
 *
 *   npm run setup
 *   node benchmarks/metrics.mjs [--rounds 3] [--size 4096x4096]
 *
 * One thread, float32 values in memory, arithmetic `auto`. In each round the spectrum alone, the
 * default measurement and the whole suite (`metrics: ['all']`, 200 draws) take turns.
 */
import { parseArgs } from 'node:util';
import {
  estimators,
  measureUnit,
  spectralUnits,
  spectrum,
  weightFromValues,
} from '../packages/htsr-core/dist/index.js';
import { createWasmEngine } from '../packages/spectra-wasm/dist/node.js';
import { fillMatrix, machine, median, uniform } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    size: { type: 'string', default: '4096x4096' },
    estimators: { type: 'string', default: 'fix-finger,ks' },
  },
});
const [rows, columns] = options.size.split('x').map(Number);
const engine = createWasmEngine();
console.log(JSON.stringify({ ...machine(), build: await engine.build(), size: options.size }));

for (const kind of ['gaussian', 'heavy']) {
  const values = new Float32Array(rows * columns);
  fillMatrix(values, columns, kind, uniform(1));
  const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [rows, columns], values }));
  for (const name of options.estimators.split(',')) {
    const estimator = await estimators.load(name);
    const tasks = {
      spectrum: () => spectrum(unit, engine),
      'no bootstrap': () => measureUnit(unit, { engine, estimator, bootstrap: 0 }),
      default: () => measureUnit(unit, { engine, estimator }),
      'whole suite': () => measureUnit(unit, { engine, estimator, metrics: ['all'] }),
    };
    const times = Object.fromEntries(Object.keys(tasks).map((task) => [task, []]));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [task, run] of Object.entries(tasks)) {
        const started = performance.now();
        await run();
        times[task].push((performance.now() - started) / 1000);
      }
    }
    const alone = median(times.spectrum);
    const cells = Object.entries(times).map(([task, list]) => {
      const seconds = median(list);
      return `${task} ${seconds.toFixed(2)} s (${(100 * (seconds / alone - 1)).toFixed(0)} %)`;
    });
    console.log(`${kind}, ${name}: ${cells.join('; ')}`);
  }
}
await engine.close();
