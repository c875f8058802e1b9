/**
 * `npm start` and `npm test` on a machine that has only Node and npm: installs with the pinned
 * pnpm, builds, then runs the demonstration or the tests. Everything that is up to date is skipped.
 *
 *     node scripts/bootstrap.mjs setup
 *     node scripts/bootstrap.mjs start [options of `alphalora plan`]
 *     node scripts/bootstrap.mjs test  [options of vitest]
 *
 * This file runs before anything is installed, so it uses nothing but Node itself. Its own lines go
 * to stderr; the exit code is that of the last step.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [command, ...rest] = process.argv.slice(2);
const commands = { setup: () => 0, start, test };

requireNode();
// Loaded late, so that an old Node reaches the message above and not a syntax error.
const { describePnpm, root, runPnpm } = await import('./lib/tools.mjs');
if (!Object.hasOwn(commands, command)) {
  fail('usage: node scripts/bootstrap.mjs setup|start|test [options]', 2);
}
install();
build();
process.exitCode = commands[command](rest);

function start(options) {
  return runNode(['scripts/demo.mjs', ...options]);
}

function test(options) {
  return runNode(['node_modules/vitest/vitest.mjs', 'run', ...options]);
}

/** Stops with a clear message on a Node that the packages do not support. */
function requireNode() {
  const wanted = /(\d+)\.(\d+)/.exec(readManifest('package.json').engines.node);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > Number(wanted[1]) || (major === Number(wanted[1]) && minor >= Number(wanted[2]))) {
    return;
  }
  fail(
    `Node ${wanted[0]} or later is needed; this is ${process.versions.node}. Please update Node.`,
  );
}

/** Installs from the lockfile, unless it did so before for the same inputs. */
function install() {
  const stamp = join(root, 'node_modules', '.alphalora-install');
  const inputs = installInputs();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
  step(`installing packages with ${describePnpm()}`, [
    'install',
    '--frozen-lockfile',
    '--config.confirmModulesPurge=false',
  ]);
  writeFileSync(stamp, inputs);
}

function build() {
  step('building', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only']);
}

/** A digest of everything that decides what lies in node_modules. */
function installInputs() {
  const manifests = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')),
  );
  manifests.push(join('tests', 'support', 'package.json'));
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests.sort()];
  const hash = createHash('sha256');
  hash.update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`${file}\n`).update(readFileSync(path));
  }
  return `${hash.digest('hex')}\n`;
}

/** Runs pnpm; says what and how long, and shows the output only when it failed. */
function step(what, args) {
  const began = performance.now();
  say(`${what} ...`);
  const { status, output } = runPnpm(args);
  if (status !== 0) {
    process.stderr.write(output);
    fail(`${what} failed with exit code ${status}; the output is above`, status);
  }
  say(`${what}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

function runNode(args) {
  const ended = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (ended.error) fail(ended.error.message);
  // A child that a signal ended has no code; shells report 128 + signal, 130 for an interrupt.
  return ended.status ?? (ended.signal === 'SIGINT' ? 130 : 1);
}

function readManifest(path) {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line, code = 1) {
  say(line);
  process.exit(code);
}
