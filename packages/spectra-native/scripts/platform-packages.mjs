/**
 * Makes the packages that carry the binaries, and has this package ask for them:
 *
 *     node scripts/platform-packages.mjs [--all] <folder>
 *
 * The folder has spectra-native.<platform>.node files, as build-native.mjs names them. Each goes to
 * npm/<platform> with a package.json of this package's version. `optionalDependencies` of this package's
 * package.json become those, at exactly that version: for publishing, not to be committed, since what is
 * not published yet cannot be installed. With `--all` a platform that lacks its file is an error.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { platforms } from './platforms.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('usage: platform-packages.mjs [--all] <folder>');

const main = join(root, 'package.json');
const manifest = JSON.parse(readFileSync(main, 'utf8'));
const binaryOf = (platform) => join(folder, `spectra-native.${platform}.node`);
const names = Object.keys(platforms).filter((platform) => existsSync(binaryOf(platform)));
const lacking = Object.keys(platforms).filter((platform) => !names.includes(platform));
if (names.length === 0 || (values.all && lacking.length > 0)) {
  throw new Error(`no binary for ${lacking.join(', ')} in ${folder}`);
}

rmSync(join(root, 'npm'), { recursive: true, force: true });
for (const platform of names) {
  const own = join(root, 'npm', platform);
  mkdirSync(own, { recursive: true });
  copyFileSync(binaryOf(platform), join(own, 'spectra-native.node'));
  copyFileSync(join(root, '..', '..', 'LICENSE'), join(own, 'LICENSE'));
  writeFileSync(join(own, 'package.json'), `${JSON.stringify(packageOf(platform), null, 2)}\n`);
  writeFileSync(
    join(own, 'README.md'),
    `# ${manifest.name}-${platform}\n\nThe binary of ${manifest.name} for ${platform}.\n`,
  );
}
const optionalDependencies = Object.fromEntries(
  names.map((platform) => [`${manifest.name}-${platform}`, manifest.version]),
);
writeFileSync(main, `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`);
process.stdout.write(`${names.map((platform) => join('npm', platform)).join('\n')}\n`);

function packageOf(platform) {
  const { os, cpu, libc } = platforms[platform];
  const { version, license, engines, repository, publishConfig } = manifest;
  return {
    name: `${manifest.name}-${platform}`,
    ...{ version, description: `The binary of ${manifest.name} for ${platform}`, license },
    ...{ main: 'spectra-native.node', files: ['spectra-native.node'], os: [os], cpu: [cpu] },
    ...(libc && { libc: [libc] }),
    ...{ engines, repository: { ...repository, directory: 'packages/spectra-native' } },
    publishConfig,
  };
}
