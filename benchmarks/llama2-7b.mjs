/**
 * The whole command on two blocks of Llama-2-7B's shapes (14 matrices, bfloat16, 810 MB of seeded
 * random weights with heavy-tailed rows), and what follows for all 32 blocks.
 *
 *   npm run setup
 *   node benchmarks/llama2-7b.mjs [--folder /somewhere/with/1GB] [-- options of alphalora analyze]
 *
 * The checkpoint is made once and kept in the folder. The blocks are alike, so 32 take sixteen times
 * as long as two: that is all the extrapolation there is.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './lib.mjs';
import { BLOCKS, makeTwoBlocks } from './two-blocks.mjs';

const { values: options, positionals } = parseArgs({
  options: { folder: { type: 'string', default: join(tmpdir(), 'alphalora-llama2-7b') } },
  allowPositionals: true,
});
const ALL_BLOCKS = 32;

makeTwoBlocks(options.folder);

const main = fileURLToPath(new URL('../apps/cli/dist/main.js', import.meta.url));
const started = performance.now();
const { status, stdout } = spawnSync(
  process.execPath,
  [main, 'analyze', options.folder, '--json', '--no-cache', ...positionals],
  { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1e9 },
);
if (status !== 0) process.exit(status ?? 1);
const seconds = (performance.now() - started) / 1000;
const { matrices } = JSON.parse(stdout);
const precisions = {};
for (const { precision } of matrices) precisions[precision] = (precisions[precision] ?? 0) + 1;
console.log(
  JSON.stringify({
    ...machine(),
    options: positionals.join(' '),
    matrices: matrices.length,
    precisions,
    seconds: Number(seconds.toFixed(1)),
    minutesForAll32Blocks: Number(((seconds * ALL_BLOCKS) / BLOCKS / 60).toFixed(1)),
  }),
);
