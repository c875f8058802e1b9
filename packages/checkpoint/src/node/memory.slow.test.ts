/** Reading a tensor takes the memory of its decoded values and little more. */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '@alphalora/testing/folders';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { serializeSafetensors } from '../formats/safetensors/serialize.js';
import { storedBytes } from '../values/sizes.js';

const MB = 2 ** 20;
const STORED = 64 * MB;
const folder = temporaryFolder('memory');
let library: string;

beforeAll(async () => {
  library = await bundle();
}, 120_000);

/** The sources as one module that a plain Node can load. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('./index.ts', import.meta.url));
  await build({
    logLevel: 'silent',
    configFile: false,
    resolve: { conditions: ['@alphalora/source', 'node', 'import', 'default'] },
    ssr: { noExternal: true, resolve: { conditions: ['@alphalora/source', 'node', 'import'] } },
    build: { ssr: entry, outDir: folder, rollupOptions: { output: { entryFileNames: 'lib.mjs' } } },
  });
  return join(folder, 'lib.mjs');
}

/** Eight tensors of 64 MB as stored, whose bytes are a hole in the file and take no disk. */
async function sparseFile(dtype: 'BF16' | 'F32', fused: boolean): Promise<string> {
  const path = join(folder, `${dtype}${fused}.safetensors`);
  const elements = STORED / storedBytes(dtype, 1);
  // As large as a c_attn, whose columns are three times its rows, can be.
  const rows = Math.floor(Math.sqrt(elements / 3));
  const columns = 3 * rows;
  const bytes = new Uint8Array(storedBytes(dtype, rows * columns));
  const tensors = Array.from({ length: 8 }, (_, i) => ({
    name: fused ? `h.${i}.attn.c_attn.weight` : `${i}`,
    dtype,
    shape: [rows, columns],
    bytes,
  }));
  const [header] = serializeSafetensors({ tensors });
  const file = await open(path, 'w');
  await file.write(header!);
  await file.truncate(header!.byteLength + 8 * bytes.byteLength);
  await file.close();
  return path;
}

/** Reads every tensor once; prints how far the peak lies above the memory before, and the sizes. */
const program = `
const [library, path, splitFused] = process.argv.slice(1);
const { openCheckpoint } = await import(library);
const checkpoint = await openCheckpoint(path, { splitFused: splitFused === 'true' });
await checkpoint.tensors[0].read(0, 10);
// In a function of its own, so that nothing refers to the values when it has returned.
const readOnce = async ({ read }) => {
  const values = await read();
  if (values.some((value) => value !== 0)) throw new Error('not zero');
  return values.byteLength;
};
// The garbage collector lets the last tensor lie until memory runs short; the bound is about what
// reading needs, so it is asked to run between tensors.
gc();
const before = process.memoryUsage.rss();
let largest = 0;
for (const tensor of checkpoint.tensors) {
  largest = Math.max(largest, await readOnce(tensor));
  gc();
}
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ grown: peak - before, largest, count: checkpoint.tensors.length }));
`;

describe('peak memory of reading a checkpoint tensor by tensor', () => {
  it.each<['BF16' | 'F32', boolean, number, number]>([
    ['BF16', false, 8, 2 * STORED],
    ['F32', false, 8, STORED],
    ['BF16', true, 24, (2 * STORED) / 3],
  ])('%s, fused: %s', async (dtype, fused, tensors, decoded) => {
    const path = await sparseFile(dtype, fused);
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--expose-gc', '--input-type=module', '--eval', program, '--'],
      ...[library, path, String(fused)],
    ]);
    const { grown, largest, count } = JSON.parse(stdout);
    expect(count).toBe(tensors);
    // Whole rows do not fill 64 MB exactly.
    expect(Math.abs(largest / decoded - 1)).toBeLessThan(0.01);
    console.info(
      `${dtype}${fused ? ' parts' : ''}: ${Math.round((grown - largest) / MB)} MB over the decoded tensor`,
    );
    expect(grown).toBeLessThan(largest + 50 * MB);
  });
});
