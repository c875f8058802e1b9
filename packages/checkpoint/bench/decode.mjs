/**
 * Elements decoded per second, from memory and from a file in the cache of the operating system.
 *
 *   npm run build && node packages/checkpoint/bench/decode.mjs
 *
 * Prints the median of nine runs over 16 Mi elements. All of them allocate the array that they return,
 * which alone takes as long as decoding does.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeValues, serializeSafetensors, storedBytes } from '@alphalora/checkpoint';
import { openCheckpoint } from '@alphalora/checkpoint/node';

const COUNT = 1 << 24;
const RUNS = 9;
const dtypes = ['BF16', 'F16', 'F8_E4M3', 'F8_E5M2', 'F32', 'F64', 'I8', 'I32', 'I64'];

const folder = await mkdtemp(join(tmpdir(), 'alphalora-bench-'));
console.log(`${cpus()[0].model}, Node ${process.version}; million elements/s`);
console.log('dtype     decodeValues   read() from a file   read() of a part');
for (const dtype of dtypes) {
  const bytes = new Uint8Array(storedBytes(dtype, COUNT));
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2654435761) >>> 24;
  const path = join(folder, `${dtype}.safetensors`);
  // GPT-2's c_attn, whose parts are columns.
  const tensor = { name: 'h.0.attn.c_attn.weight', dtype, shape: [2048, 8192], bytes };
  const fused = {
    ...tensor,
    shape: [1024, 3072],
    bytes: bytes.slice(0, storedBytes(dtype, 3 << 20)),
  };
  await write(path, { ...tensor, name: 'w' });
  await write(`${path}.fused`, fused);
  const whole = await openCheckpoint(path);
  const split = await openCheckpoint(`${path}.fused`, { splitFused: true });
  const rates = [
    await rate(COUNT, () => decodeValues(bytes, dtype)),
    await rate(COUNT, () => whole.tensors[0].read()),
    await rate(1 << 20, () => split.tensors[1].read()),
  ];
  console.log(
    dtype.padEnd(10),
    ...rates.map((value, i) => value.toFixed(0).padStart([11, 20, 18][i])),
  );
  await whole.close();
  await split.close();
}
await rm(folder, { recursive: true });

async function write(path, tensor) {
  const file = await open(path, 'w');
  for (const piece of serializeSafetensors({ tensors: [tensor] })) await file.write(piece);
  await file.close();
}

async function rate(count, work) {
  const seconds = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await work();
    seconds.push((performance.now() - start) / 1000);
  }
  seconds.sort((a, b) => a - b);
  return count / seconds[(RUNS - 1) / 2] / 1e6;
}
