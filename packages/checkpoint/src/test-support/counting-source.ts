/** A byte source that counts what is asked of it, to prove what an operation costs. */
import type { ByteSource } from '@alphalora/contracts/weights';
import { memorySource } from '../sources/memory.js';

export interface CountingSource extends ByteSource {
  /** Bytes asked for so far. */
  bytesRead(): number;
  /** Largest single request. */
  largestRead(): number;
  reads(): number;
}

/** @param direct whether it offers `readInto`, as files do and remote sources may not */
export function countingSource(
  bytes: Uint8Array,
  name = 'model.safetensors',
  direct = true,
): CountingSource {
  const source = memorySource(bytes, name);
  const sizes: number[] = [];
  return {
    name,
    byteLength: bytes.byteLength,
    read(start, end, signal) {
      sizes.push(end - start);
      return source.read(start, end, signal);
    },
    ...(direct && {
      readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
        sizes.push(target.byteLength);
        return source.readInto!(target, start, signal);
      },
    }),
    bytesRead: () => sizes.reduce((sum, size) => sum + size, 0),
    largestRead: () => Math.max(0, ...sizes),
    reads: () => sizes.length,
  };
}
