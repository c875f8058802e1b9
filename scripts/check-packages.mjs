/**
 * Checks the packages as their users get them: packed, and installed outside the workspace.
 *
 *     pnpm check:packages        (after a build)
 *
 * 1. Each package is packed; publint and attw read the tarball.
 * 2. The tarballs are installed with npm in temporary folders. README and licence must be there, and
 *    the harnesses under tests/consumers use the packages from ES modules, from CommonJS, from
 *    TypeScript, and as a program.
 * 3. The policy package under examples is built and tested as its author would, packed, installed
 *    beside the program and used from there; so is the package that `alphalora policy new` writes.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root, runNpm, runPnpm, runToEnd } from './lib/tools.mjs';

const consumers = join(root, 'tests', 'consumers');
const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const temporary = mkdtempSync(join(tmpdir(), 'alphalora-packages-'));
let failures = 0;

try {
  const packed = packAll();
  for (const pkg of packed) await checkTarball(pkg);
  checkProgram(packed);
  checkLibraries(packed);
  checkPolicyPackages(packed);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.stdout.write(failures === 0 ? 'packages: all good\n' : `packages: ${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** @returns {{ name: string, manifest: object, tarball: string }[]} */
function packAll() {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((folder) => {
      const cwd = join(root, parent, folder);
      const { status, output, stdout } = runPnpm(
        ['pack', '--json', '--pack-destination', temporary],
        { cwd },
      );
      if (status !== 0) throw new Error(`pnpm pack failed in ${parent}/${folder}:\n${output}`);
      const { name, filename } = JSON.parse(stdout);
      const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
      return { name, manifest, tarball: filename };
    }),
  );
}

async function checkTarball({ name, manifest, tarball }) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    strict: true,
  });
  report(
    `${name}: publint`,
    messages.map((message) => formatMessage(message, pkg, { color: false })),
  );

  // The program has no entry to import, so it has no types.
  if (manifest.exports['.'] === undefined) return;
  command(`${name}: types`, [
    ...[process.execPath, attw, tarball, '--profile', 'esm-only'],
    ...['--no-definitely-typed', '--no-color', '--no-emoji'],
  ]);
}

function checkFiles(folder, names) {
  for (const name of names) {
    const installed = readdirSync(join(folder, 'node_modules', name), { recursive: true });
    const files = installed.map((path) => path.replaceAll('\\', '/'));
    const missing = ['README.md', 'LICENSE'].filter((file) => !files.includes(file));
    const strays = files.filter((path) =>
      /\.test\.|\/test-support\/|\.tsbuildinfo$|(^|\/)\./.test(path),
    );
    report(`${name}: files`, [
      ...missing.map((file) => `${file} is missing`),
      ...strays.map((file) => `${file} does not belong there`),
    ]);
  }
}

/** Installs the program alone, then runs it and looks at what came with it. */
function checkProgram(packed) {
  const folder = install('cli', packed, ['alphalora']);
  checkFiles(folder, ['alphalora']);
  cpSync(join(consumers, 'cli'), folder, { recursive: true });
  const model = join(root, 'examples', 'demo-model');
  command('installed program', [process.execPath, 'check.mjs', model], folder);
}

/** Installs all libraries, then uses them in each way that users may. */
function checkLibraries(packed) {
  const libraries = packed.filter(({ manifest }) => manifest.exports['.'] !== undefined);
  const names = libraries.map(({ name }) => name);
  const folder = install('libraries', packed, names, { '@tensorflow/tfjs': '4.22.0' });
  checkFiles(folder, names);
  for (const consumer of ['esm', 'commonjs', 'typescript'])
    cpSync(join(consumers, consumer), join(folder, consumer), { recursive: true });
  const model = join(root, 'examples', 'demo-model');
  command('from ES modules', [process.execPath, 'esm/check.mjs', model], folder);
  const entries = libraries.flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports).map((subpath) => name + subpath.slice(1)),
  );
  command('from CommonJS', [process.execPath, 'commonjs/check.cjs', ...entries], folder);
  for (const project of ['typescript', 'typescript/tsconfig.training.json'])
    command(`from TypeScript: ${project}`, [process.execPath, tsc, '-p', project], folder);
}

/** Somebody else's policy, from its source to its use, and one of one's own. */
function checkPolicyPackages(packed) {
  const example = join(root, 'examples', 'policy-plugin');
  const tarball = checkAuthor('policy package', example, packed);
  if (tarball === undefined) return;
  const user = install('plugin', packed, ['alphalora', '@alphalora/allocator'], {
    'alphalora-policy-softmax': `file:${tarball}`,
  });
  cpSync(join(consumers, 'plugin'), user, { recursive: true });
  const model = join(root, 'examples', 'demo-model');
  command('policy package in the program', [process.execPath, 'check.mjs', model], user);
  const own = join(user, 'alphalora-policy-of-my-own');
  if (existsSync(own)) checkAuthor('policy new', own, packed);
}

/** Installs, builds, tests and packs a copy of a policy package. @returns its tarball, if all went well */
function checkAuthor(what, source, packed) {
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const folder = join(temporary, `author-${basename(source)}`);
  cpSync(source, folder, {
    recursive: true,
    filter: (path) => !/(^|[\\/])(node_modules|dist)$/.test(path.slice(source.length)),
  });
  installIn(folder, packed, manifest);
  if (manifest.scripts.build) npm(`${what}: build`, ['run', 'build'], folder);
  npm(`${what}: test`, ['test'], folder);
  const { status, output, stdout } = runNpm(['pack', '--json'], { cwd: folder });
  report(`${what}: pack`, status === 0 ? [] : [output]);
  return status === 0 ? join(folder, JSON.parse(stdout)[0].filename) : undefined;
}

/** A project that depends on the named packages. */
function install(project, packed, names, others = {}) {
  const folder = join(temporary, project);
  mkdirSync(folder);
  const ours = Object.fromEntries(names.map((name) => [name, '*']));
  installIn(folder, packed, {
    name: project,
    private: true,
    dependencies: { ...ours, ...others },
  });
  return folder;
}

/** All our tarballs are overrides, so that npm never asks the registry for one of ours. */
function installIn(folder, packed, manifest) {
  const files = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const ours = (dependencies = {}) =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [name, files[name] ?? range]),
    );
  const { dependencies, devDependencies, peerDependencies } = manifest;
  const local = {
    ...manifest,
    dependencies: ours(dependencies),
    devDependencies: ours(devDependencies),
    peerDependencies: ours(peerDependencies),
    overrides: files,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(local));
  const { status, output } = runNpm(
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--legacy-peer-deps'],
    { cwd: folder },
  );
  if (status !== 0) throw new Error(`npm install failed in ${folder}:\n${output}`);
}

function npm(what, args, cwd) {
  const { status, output } = runNpm(args, { cwd });
  report(what, status === 0 ? [] : [output.trim()]);
}

function command(what, line, cwd = temporary) {
  const { status, output } = runToEnd(line, cwd);
  report(what, status === 0 ? [] : [output.trim()]);
}

function report(what, problems) {
  process.stdout.write(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${what}\n`);
  for (const problem of problems) process.stdout.write(`${problem.replace(/^/gm, '       ')}\n`);
  if (problems.length > 0) failures++;
}
