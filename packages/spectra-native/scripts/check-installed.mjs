/**
 * Checks a binary as its users get it: packs the package and that of a platform of this machine,
 * installs the tarballs outside of the workspace without install scripts, and uses them.
 *
 *     node scripts/check-installed.mjs <platform> [path of another node ...]
 *
 * Needs a build of the packages, and build/spectra-native.<platform>.node.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm, runPnpm } from '../../../scripts/lib/tools.mjs';

const packages = fileURLToPath(new URL('../..', import.meta.url));
const own = join(packages, 'spectra-native');
const [platform, ...others] = process.argv.slice(2);
if (platform === undefined) throw new Error('usage: check-installed.mjs <platform> [node ...]');
const temporary = mkdtempSync(join(tmpdir(), 'alphalora-native-'));

try {
  const folder = install(packAll());
  writeFileSync(join(folder, 'check.mjs'), CHECK());
  for (const node of [process.execPath, ...others]) {
    const { status, error } = spawnSync(node, ['check.mjs'], { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw error ?? new Error(`${node}: exit code ${status}`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** @returns {Record<string, string>} names and tarballs */
function packAll() {
  const manifest = join(own, 'package.json');
  const text = readFileSync(manifest, 'utf8');
  const binaries = join(temporary, 'binaries');
  mkdirSync(binaries);
  const file = `spectra-native.${platform}.node`;
  cpSync(join(own, 'build', file), join(binaries, file));
  try {
    const made = spawnSync(process.execPath, [
      join(own, 'scripts/platform-packages.mjs'),
      binaries,
    ]);
    if (made.status !== 0) throw new Error(String(made.stderr));
    const folders = [join(own, 'npm', platform), own];
    for (const name of ['contracts', 'spectra-wasm']) folders.push(join(packages, name));
    return Object.fromEntries(folders.map(pack));
  } finally {
    writeFileSync(manifest, text);
  }
}

function pack(folder) {
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const target = join(temporary, name.replace('/', '-'));
  mkdirSync(target);
  // npm packs what is no part of the workspace.
  const run = folder.startsWith(join(own, 'npm')) ? runNpm : runPnpm;
  ended(run(['pack', '--pack-destination', target], { cwd: folder }));
  return [name, `file:${join(target, readdirSync(target)[0])}`];
}

function install(tarballs) {
  const folder = join(temporary, 'user');
  mkdirSync(folder);
  const dependencies = Object.fromEntries(
    ['@alphalora/spectra-native', '@alphalora/spectra-wasm'].map((name) => [name, tarballs[name]]),
  );
  const project = {
    name: 'user',
    private: true,
    type: 'module',
    dependencies,
    overrides: tarballs,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  ended(runNpm(['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }));
  return folder;
}

function ended({ status, output }) {
  if (status !== 0) throw new Error(output);
}

/** What the user runs: both engines on one matrix, and the name of the instruction set. */
function CHECK() {
  return `
import assert from 'node:assert/strict';
import { createNativeEngine } from '@alphalora/spectra-native';
import { createWasmEngine } from '@alphalora/spectra-wasm/node';

let state = 1;
const values = Float32Array.from({ length: 300 * 500 }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state / 2 ** 31;
});
const matrix = {
  name: 'w', rows: 300, columns: 500, dtype: 'F32',
  read: async (start = 0, end = 300) => values.slice(500 * start, 500 * end),
};
const engine = createNativeEngine();
const [found, expected] = [
  await engine.singularValues(matrix, { precision: 'f64' }),
  await createWasmEngine({ build: 'simd' }).singularValues(matrix, { precision: 'f64' }),
];
const worst = found.reduce((most, x, i) => Math.max(most, Math.abs(x / expected[i] - 1)), 0);
assert(worst < 1e-11, String(worst));
console.log(\`Node \${process.versions.node}: \${await engine.build()}, within \${worst.toExponential(1)} of WebAssembly\`);
`;
}
