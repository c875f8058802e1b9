/**
 * Compiles `assembly/` to the two WebAssembly builds and writes them as one JavaScript module,
 * `dist/binaries.js`: base64 text loads alike in Node, in the browser and through any bundler.
 *
 * Run directly it always builds. Tests call `buildWasm({ onlyIfOutdated: true })` (vitest.config.ts).
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = `${root}dist/binaries.js`;

const builds = {
  simd: ['--enable', 'simd'],
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
};

export async function buildWasm({ onlyIfOutdated = false } = {}) {
  if (onlyIfOutdated && (await isCurrent())) return;
  await mkdir(`${root}dist`, { recursive: true });
  const binaries = await Promise.all(
    Object.entries(builds).map(async ([name, flags]) => [name, await compile(name, flags)]),
  );
  const text = binaries.map(([name, bytes]) => `export const ${name} =\n  '${bytes}';\n`).join('');
  const types = binaries.map(([name]) => `export declare const ${name}: string;\n`).join('');
  await writeFile(`${root}dist/binaries.d.ts`, types);
  // Last: `isCurrent` looks at this file.
  await writeFile(output, text);
}

async function isCurrent() {
  const sources = (await readdir(`${root}assembly`)).map((name) => `${root}assembly/${name}`);
  try {
    const built = (await stat(output)).mtimeMs;
    const times = await Promise.all(
      [...sources, fileURLToPath(import.meta.url)].map(async (file) => (await stat(file)).mtimeMs),
    );
    return times.every((time) => time <= built);
  } catch {
    return false;
  }
}

/** @returns the compiled module as base64 */
async function compile(name, flags) {
  const file = `dist/${name}.wasm`;
  const { error, stderr } = await asc.main([
    'assembly/index.ts',
    ...['--baseDir', root, '--outFile', file],
    ...['--importMemory', '--noExportMemory', '--runtime', 'stub', '--noAssert'],
    ...['-O3', '--converge', ...flags],
  ]);
  if (error) throw new Error(`AssemblyScript, build '${name}': ${error.message}\n${stderr}`);
  const bytes = await readFile(`${root}${file}`);
  await rm(`${root}${file}`);
  return bytes.toString('base64');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWasm();
