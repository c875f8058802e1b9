/**
 * The study of allocation policies: fine-tunes each model on each task with each policy, at equal
 * trainable parameters, and appends one JSON line per run.
 *
 *     node benchmarks/study/study.mjs [--out runs.jsonl] [--jobs 2] [--model demo-model] [--minutes 180]
 *
 * Interrupted at any moment, the same command goes on: finished runs are read from the file. After a
 * build; `node benchmarks/study/summary.mjs` makes tables and the page of it.
 */
import { fork } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  chooseRates,
  comparisonRuns,
  keyOf,
  largerRateRuns,
  leaveOneInRuns,
  repeatedSearchRuns,
  searchRuns,
  settings,
} from './design.mjs';
import { modelFolder, perform } from './run.mjs';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('runs.jsonl', import.meta.url)) },
    jobs: { type: 'string', default: String(availableParallelism()) },
    model: { type: 'string' },
    minutes: { type: 'string', default: '180' },
    worker: { type: 'boolean', default: false },
  },
});

if (options.worker) work();
else await direct();

/** A child process: one run at a time, as it is told. */
function work() {
  process.on('message', async (run) => {
    try {
      process.send({ done: await perform(run) });
    } catch (error) {
      process.send({ failed: error.stack });
    }
  });
  // A parent that was killed leaves nobody to report to.
  process.on('disconnect', () => process.exit(1));
  process.send({ ready: true });
}

async function direct() {
  const chosen = settings.filter(
    ({ model }) => (!options.model || model === options.model) && modelFolder(model),
  );
  const absent = settings.filter(({ model }) => !modelFolder(model)).map(({ model }) => model);
  if (absent.length > 0) console.error(`left out, as they are not here: ${[...new Set(absent)]}`);
  const deadline = performance.now() + Number(options.minutes) * 60_000;
  await runAll(searchRuns(chosen), deadline);
  await runAll(largerRateRuns(finishedRuns(), chosen), deadline);
  await runAll(repeatedSearchRuns(finishedRuns(), chosen), deadline);
  // More seeds may make the largest rate the best of further policies.
  await runAll(largerRateRuns(finishedRuns(), chosen), deadline);
  const rateOf = chooseRates(finishedRuns());
  // Seed by seed, so that what is done by the deadline is balanced.
  const rest = [...comparisonRuns(rateOf, chosen), ...leaveOneInRuns(rateOf, chosen)];
  await runAll(
    rest.sort((a, b) => a.seed - b.seed),
    deadline,
  );
}

/** Whole lines only: what a killed process left of the last one is cut off. */
function finishedRuns() {
  if (!existsSync(options.out)) return [];
  const text = readFileSync(options.out, 'utf8');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) truncateSync(options.out, Buffer.byteLength(text.slice(0, end)));
  return text
    .slice(0, end)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function runAll(runs, deadline) {
  const finished = new Set(finishedRuns().map(keyOf));
  const queue = runs.filter((run) => !finished.has(keyOf(run)));
  const total = queue.length;
  if (total === 0) return;
  const begun = performance.now();
  let done = 0;
  const jobs = Math.min(Number(options.jobs), total);
  await Promise.all(
    Array.from({ length: jobs }, () => {
      const child = fork(fileURLToPath(import.meta.url), ['--worker']);
      return new Promise((resolve, reject) => {
        const next = () => {
          const run = performance.now() < deadline ? queue.shift() : undefined;
          if (run) child.send(run);
          else child.kill();
        };
        child.on('message', ({ ready, done: result, failed }) => {
          if (failed) {
            child.kill();
            reject(new Error(failed));
            return;
          }
          if (!ready) {
            appendFileSync(options.out, `${JSON.stringify(result)}\n`);
            done++;
            const left = ((performance.now() - begun) / done) * (total - done);
            console.error(
              `${done}/${total}, ${Math.ceil(left / 60_000)} min left: ${keyOf(result)}`,
            );
          }
          next();
        });
        child.on('error', reject);
        child.on('exit', resolve);
      });
    }),
  );
  if (done < total) {
    console.error(`stopped after ${options.minutes} minutes with ${total - done} runs left`);
    process.exit(0);
  }
}
