/**
 * A model from a hub against the same one from a file: wall time, processor time and peak memory of
 * `alphalora analyze --no-cache` on two blocks of Llama-2-7B's shapes (810 MB), in interleaved rounds.
 * The hub is the emulator of the tests, on this machine: it takes its share of the processors too.
 *
 *   npm run setup
 *   node benchmarks/hub.mjs [--folder /somewhere/with/1GB] [--rounds 3] [-- options of analyze]
 */
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median } from './lib.mjs';
import { makeTwoBlocks } from './two-blocks.mjs';

const { values: options, positionals } = parseArgs({
  options: {
    folder: { type: 'string', default: join(tmpdir(), 'alphalora-hub-bench') },
    rounds: { type: 'string', default: '3' },
  },
  allowPositionals: true,
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const model = join(options.folder, 'bench', 'two-blocks');
makeTwoBlocks(model);

const hub = spawn(process.execPath, [path('../tests/hub-emulator/main.mjs'), options.folder], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const { endpoint } = JSON.parse(await new Promise((done) => hub.stdout.once('data', done)));
// The first listing takes digests of the files.
await (await fetch(`${endpoint}/api/models/bench/two-blocks`)).text();

// The peak of this program alone (Linux): what getrusage says includes that of its parent.
const report = `import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => {
  const [, kilobytes] = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  writeSync(2, 'used ' + JSON.stringify([Number(kilobytes), userCPUTime + systemCPUTime]) + '\\n');
})`;

function analyze(source) {
  const started = performance.now();
  const args = [path('../apps/cli/dist/main.js'), 'analyze', source, '--json', '--no-cache'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...positionals], {
    env: {
      ...process.env,
      HF_ENDPOINT: endpoint,
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(report)}`,
    },
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(stderr);
  const [kilobytes, microseconds] = JSON.parse(/used (.*)/.exec(stderr)[1]);
  return {
    seconds: (performance.now() - started) / 1000,
    processorSeconds: microseconds / 1e6,
    megabytes: (kilobytes * 1024) / 1e6,
    digest: JSON.parse(stdout).model.digest,
  };
}

const sources = { file: model, hub: 'hf://bench/two-blocks' };
const results = { file: [], hub: [] };
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [name, source] of Object.entries(sources)) {
    const result = analyze(source);
    results[name].push(result);
    console.log(
      `${name}: ${result.seconds.toFixed(1)} s, ${result.processorSeconds.toFixed(1)} s of processor, ` +
        `${Math.round(result.megabytes)} MB, ${result.digest.slice(0, 20)}`,
    );
  }
}
hub.kill();
const ratio = (measure) =>
  Number(
    (
      median(results.hub.map((result) => result[measure])) /
      median(results.file.map((result) => result[measure]))
    ).toFixed(3),
  );
console.log(
  JSON.stringify({
    ...machine(),
    options: positionals.join(' '),
    time: ratio('seconds'),
    processorTime: ratio('processorSeconds'),
    memory: ratio('megabytes'),
  }),
);
