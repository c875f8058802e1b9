/**
 * Compiles the stages, where there is cargo:
 *
 *     node scripts/build-native.mjs                          for this machine
 *     node scripts/build-native.mjs --platform linux-x64-gnu  as it is published
 *
 * The binary goes to build/spectra-native.node, where the package looks first; that of a platform to
 * build/spectra-native.<platform>.node. Those for Linux are linked by cargo-zigbuild, so that they need no
 * newer C library than that of the oldest systems that run Node 20.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { platforms } from './platforms.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { platform } = parseArgs({ options: { platform: { type: 'string' } } }).values;
if (platform !== undefined && !Object.hasOwn(platforms, platform)) {
  throw new Error(`unknown platform ${platform}: use one of ${Object.keys(platforms).join(', ')}`);
}
const { os = process.platform, target, zigbuild, flags } = platforms[platform] ?? {};

const args = [
  zigbuild === undefined ? 'build' : 'zigbuild',
  ...['--release', '--locked', '--package', 'alphalora-spectra-node'],
  ...(target === undefined ? [] : ['--target', zigbuild ? `${target}.${zigbuild}` : target]),
];
const env = flags === undefined ? process.env : { ...process.env, RUSTFLAGS: flags };
const { status, error } = spawnSync('cargo', args, { cwd: root, stdio: 'inherit', env });
if (error) throw new Error(`cargo does not run: ${error.message}`);
if (status !== 0) process.exit(status ?? 1);

const files = { win32: 'spectra_native.dll', darwin: 'libspectra_native.dylib' };
const targets = process.env.CARGO_TARGET_DIR ?? `${root}target`;
const built = `${targets}/${target ? `${target}/` : ''}release/${files[os] ?? 'libspectra_native.so'}`;
const file = `${root}build/spectra-native.${platform ? `${platform}.` : ''}node`;
mkdirSync(`${root}build`, { recursive: true });
// Under another name first: a process that has loaded the old one goes on with it.
copyFileSync(built, `${file}.new`);
renameSync(`${file}.new`, file);
process.stdout.write(`${file}\n`);
