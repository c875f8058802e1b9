/**
 * Times what a newcomer waits for: `npm start` in a fresh clone, the second `npm start`, and
 * `alphalora --help` (median of nine).
 *
 *     node benchmarks/fresh-clone.mjs
 *
 * The clone is of the last commit. npm's and pnpm's download caches stay as they are.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const clone = mkdtempSync(join(tmpdir(), 'alphalora-clone-'));

try {
  execFileSync('git', ['clone', '--quiet', root, clone]);
  const start = () => seconds('npm', ['start', '--silent']);
  print('npm start, fresh clone', start());
  print('npm start, again', start());
  const help = Array.from({ length: 9 }, () =>
    seconds(process.execPath, ['apps/cli/dist/main.js', '--help']),
  );
  print('alphalora --help', help.sort((a, b) => a - b)[4]);
} finally {
  rmSync(clone, { recursive: true, force: true });
}

function seconds(program, args) {
  const began = performance.now();
  const options = { cwd: clone, encoding: 'utf8', shell: process.platform === 'win32' };
  const { status, stderr } = spawnSync(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stderr}`);
  return (performance.now() - began) / 1000;
}

function print(what, time) {
  process.stdout.write(`${what}: ${time.toFixed(2)} s\n`);
}
