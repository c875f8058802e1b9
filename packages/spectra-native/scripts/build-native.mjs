/**
 * Compiles the stages for this machine, or for the target that is named, where there is cargo:
 *
 *     node scripts/build-native.mjs [--target x86_64-unknown-linux-gnu] [--zigbuild 2.17]
 *
 * The binary goes to build/spectra-native.node, where the package looks first. With `--zigbuild` it
 * needs no newer C library than the one of that version (cargo-zigbuild must be there).
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { target: { type: 'string' }, zigbuild: { type: 'string' } },
});
const { target, zigbuild } = values;
if (zigbuild !== undefined && target === undefined) throw new Error('--zigbuild needs --target');

const args = [
  zigbuild === undefined ? 'build' : 'zigbuild',
  ...['--release', '--locked', '--package', 'alphalora-spectra-node'],
  ...(target === undefined ? [] : ['--target', zigbuild ? `${target}.${zigbuild}` : target]),
];
const { status, error } = spawnSync('cargo', args, { cwd: root, stdio: 'inherit' });
if (error) throw new Error(`cargo does not run: ${error.message}`);
if (status !== 0) process.exit(status ?? 1);

const system = target ?? process.platform;
const file = /win/.test(system.replace('darwin', ''))
  ? 'spectra_native.dll'
  : /darwin/.test(system)
    ? 'libspectra_native.dylib'
    : 'libspectra_native.so';
const built = `${root}target/${target ? `${target}/` : ''}release/${file}`;
mkdirSync(`${root}build`, { recursive: true });
// Under another name first: a process that has loaded the old one goes on with it.
copyFileSync(built, `${root}build/spectra-native.node.new`);
renameSync(`${root}build/spectra-native.node.new`, `${root}build/spectra-native.node`);
