/**
 * Runs npm, and the pnpm that package.json pins on a machine that may have no pnpm at all.
 *
 * A pnpm on PATH is used when it answers with the pinned version (pnpm 10 and Corepack switch to
 * the pin by themselves); otherwise npm's own `npx` fetches it once into its cache. Nothing is
 * installed globally. Either way the programs that pnpm starts find `pnpm` on their PATH, which
 * turbo needs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
};

/**
 * Starts a program that may be a `.cmd` file on Windows. Those start only through the shell, and
 * the shell takes one line, so there the arguments are quoted here.
 */
function spawnProgram(program, args, options) {
  if (process.platform !== 'win32') return spawnSync(program, args, options);
  const quoted = [program, ...args].map((word) => (/[\s&|<>^]/.test(word) ? `"${word}"` : word));
  return spawnSync(quoted.join(' '), { ...options, shell: true });
}

/**
 * The start of a command line that runs npm or npx; npm tells its scripts where npm itself lies.
 * @param {'npm' | 'npx'} name
 */
function npmCommand(name) {
  const npm = process.env.npm_execpath;
  const file = npm === undefined ? '' : join(dirname(npm), `${name}-cli.js`);
  return existsSync(file) ? [process.execPath, file] : [name];
}

/** @returns {string} the version in package.json's `packageManager`, e.g. `10.34.8` */
function pinnedPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return /^pnpm@([^+]+)/.exec(packageManager)[1];
}

let found;

/** @returns {{ command: string[], how: string }} the start of a command line that runs the pin */
function findPnpm() {
  if (found !== undefined) return found;
  const version = pinnedPnpm();
  const asked = spawnProgram('pnpm', ['--version'], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
  });
  found =
    asked.status === 0 && asked.stdout.trim() === version
      ? { command: ['pnpm'], how: `pnpm ${version}` }
      : {
          command: [
            ...npmCommand('npx'),
            '--yes',
            '--prefer-offline',
            '--loglevel=error',
            `pnpm@${version}`,
          ],
          how: `pnpm ${version} by npx`,
        };
  return found;
}

/** @returns {string} in words, which pnpm will run */
export function describePnpm() {
  return findPnpm().how;
}

/**
 * Runs the pinned pnpm to its end, quietly.
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {{ status: number, output: string, stdout: string }}
 */
export function runPnpm(args, { cwd = root } = {}) {
  return runToEnd([...findPnpm().command, ...args], cwd);
}

/**
 * Runs npm to its end in another project's folder, quietly.
 * @param {string[]} args
 * @param {{ cwd: string }} options
 * @returns {{ status: number, output: string, stdout: string }}
 */
export function runNpm(args, { cwd }) {
  return runToEnd([...npmCommand('npm'), ...args, '--prefix', cwd, '--loglevel=error'], cwd);
}

/** @returns exit code, both streams as one text, and stdout alone */
export function runToEnd([program, ...args], cwd) {
  const options = { cwd, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 };
  const { status, stdout, stderr, error } = spawnProgram(program, args, options);
  const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
  return { status: status ?? 1, output, stdout: stdout ?? '' };
}
