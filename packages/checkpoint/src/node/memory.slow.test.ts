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
import { ggufHeader } from '../test-support/gguf.js';
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

/** The matrices of Llama 2 7B, by their names in GGUF. */
const llama2 = [
  ['token_embd', [32_000, 4096]],
  ['output', [32_000, 4096]],
  ...Array.from(
    { length: 32 },
    (_, block): Array<[string, number[]]> => [
      ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name): [string, number[]] => [
        `blk.${block}.${name}`,
        [4096, 4096],
      ]),
      [`blk.${block}.ffn_gate`, [11_008, 4096]],
      [`blk.${block}.ffn_up`, [11_008, 4096]],
      [`blk.${block}.ffn_down`, [4096, 11_008]],
    ],
  ).flat(),
] as Array<[string, number[]]>;

/** A file of 3.8 GB (Q4_K) or 13.5 GB (BF16), all of it a hole. */
async function sparseLlama(format: 'gguf' | 'safetensors'): Promise<string> {
  const path = join(folder, `llama2-7b.${format}`);
  const count = ([rows = 0, columns = 0]: readonly number[]) => rows * columns;
  let head: Uint8Array;
  let length: number;
  if (format === 'gguf') {
    const tensors = llama2.map(([name, shape]) => ({
      ...{ name: `${name}.weight`, shape, type: Q4_K },
      byteLength: storedBytes('Q4_K', count(shape)),
    }));
    const heads = { 'llama.attention.head_count': ['u32', 32] } as const;
    const metadata = { 'general.architecture': ['text', 'llama'], ...heads } as const;
    ({ header: head, byteLength: length } = ggufHeader({ metadata, tensors }));
  } else {
    let end = 0;
    const entries = llama2.map(([name, shape]) => {
      const start = end;
      end += storedBytes('BF16', count(shape));
      return [`${name}.weight`, { dtype: 'BF16', shape, data_offsets: [start, end] }];
    });
    const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    head = new Uint8Array(8 + json.length);
    new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
    head.set(json, 8);
    length = head.length + end;
  }
  const file = await open(path, 'w');
  await file.write(head);
  await file.truncate(length);
  await file.close();
  return path;
}

/** Its number among the types of ggml. */
const Q4_K = 12;

/** Reads every tensor once; prints how far the peak lies above the memory before, and the sizes. */
const program = `
const { readFile } = await import('node:fs/promises');
const [library, path, splitFused, most = 'Infinity'] = process.argv.slice(1);
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
for (const tensor of checkpoint.tensors.slice(0, Number(most))) {
  largest = Math.max(largest, await readOnce(tensor));
  gc();
}
// On Linux, maxRSS begins with that of the process which started this one.
const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
const highest = /VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
const peak = Number(highest) * 1024;
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
    expect(grown).toBeLessThan(largest + 25 * MB);
  });

  it('of 7 billion parameters is no more for GGUF than for safetensors', async () => {
    const [gguf, safetensors] = await Promise.all(
      (['gguf', 'safetensors'] as const).map(async (format) => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...['--expose-gc', '--input-type=module', '--eval', program, '--'],
          // The embedding, the output layer and a block, whose queries and keys are permuted.
          ...[library, await sparseLlama(format), 'false', '9'],
        ]);
        return JSON.parse(stdout) as { grown: number; largest: number; count: number };
      }),
    );
    expect([gguf!.count, safetensors!.count]).toEqual([226, 226]);
    expect(gguf!.largest).toBe(4 * 32_000 * 4096);
    console.info(
      `7B: ${Math.round(gguf!.grown / MB)} MB for GGUF, ${Math.round(safetensors!.grown / MB)} MB for safetensors, of which the largest tensor takes ${Math.round(gguf!.largest / MB)} MB`,
    );
    expect(gguf!.grown).toBeLessThan(safetensors!.grown + 10 * MB);
    expect(gguf!.grown).toBeLessThan(gguf!.largest + 25 * MB);
  });
});
