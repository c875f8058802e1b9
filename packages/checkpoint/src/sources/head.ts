/** A source whose first bytes have been read: they are not asked for again. */
import { defined } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';

export function withHead(source: ByteSource, head: Uint8Array): ByteSource {
  const { name, byteLength, identity, reference } = source;
  return {
    name,
    byteLength,
    ...defined({ identity, reference }),
    async read(start, end, signal) {
      return start >= 0 && start <= end && end <= head.byteLength
        ? head.subarray(start, end)
        : source.read(start, end, signal);
    },
    ...(source.readInto && {
      readInto: (target: Uint8Array, start: number, signal?: AbortSignal) =>
        source.readInto!(target, start, signal),
    }),
  };
}
