/** Bytes in memory as a {@link ByteSource}: uploads in a browser, tests. */
import { errorIn } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';

/**
 * @param name stands for the bytes in messages; of a shard, ends in the file name of the index
 */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  const slice = (start: number, end: number, signal?: AbortSignal): Uint8Array => {
    signal?.throwIfAborted();
    if (start < 0 || start > end || end > bytes.byteLength) {
      throw errorIn(
        'IO_FAILED',
        name,
        `bytes ${start} to ${end} asked for, it has ${bytes.byteLength}`,
      );
    }
    return bytes.subarray(start, end);
  };
  return {
    name,
    byteLength: bytes.byteLength,
    read: async (start, end, signal) => slice(start, end, signal),
    async readInto(target, start, signal) {
      target.set(slice(start, start + target.byteLength, signal));
    },
  };
}
