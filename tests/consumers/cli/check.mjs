/** A user who installed the program alone: it runs, and no deep learning runtime came with it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [model] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('node_modules/alphalora/package.json', 'utf8'));

/** Through the command that npm put into node_modules/.bin, as `npx alphalora` would. */
function alphalora(...args) {
  // `npx` is a script on Windows, so it needs the shell; the arguments hold no spaces.
  const options = { encoding: 'utf8', shell: process.platform === 'win32' };
  return execFileSync('npx', ['--no-install', 'alphalora', ...args], options);
}

assert.equal(alphalora('--version').trim(), version);

const inspected = JSON.parse(alphalora('inspect', model, '--json'));
assert.equal(inspected.blocks, 8);

const folder = mkdtempSync('plan-');
alphalora('plan', '--demo', '-o', folder);
const allocation = JSON.parse(readFileSync(join(folder, 'allocation.json'), 'utf8'));
assert.equal(
  allocation.experts.reduce((sum, count) => sum + count, 0),
  allocation.budget.total,
);

const installed = readdirSync('node_modules', { recursive: true }).map((path) =>
  path.replaceAll('\\', '/'),
);
assert.deepEqual(
  installed.filter((path) =>
    /(^|\/)(@tensorflow|playwright-core|assemblyscript|bullmq|ioredis)$/.test(path),
  ),
  [],
);

// What queues need is named, not installed.
assert.throws(
  () => alphalora('queue', 'status', 'redis://127.0.0.1:1/run', '--json'),
  ({ status, stderr }) => status === 2 && stderr.includes('npm install -g @alphalora/cluster'),
);
