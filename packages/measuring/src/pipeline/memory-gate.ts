/** Admits work while its estimated memory fits under a limit, first come, first served. */
export interface MemoryGate {
  /** Resolves when the bytes fit; call the result to give them back. */
  acquire(bytes: number, signal?: AbortSignal): Promise<() => void>;
}

/** Work larger than the whole limit must be refused by the caller: it would wait for ever. */
export function memoryGate(limit: number): MemoryGate {
  let used = 0;
  const waiting: Array<{ bytes: number; admit: () => void }> = [];
  const admitNext = (): void => {
    while (waiting[0] && used + waiting[0].bytes <= limit) {
      const next = waiting.shift()!;
      used += next.bytes;
      next.admit();
    }
  };
  return {
    async acquire(bytes, signal) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const leave = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal!.reason);
          // The one that left may have held up smaller ones.
          admitNext();
        };
        const entry = {
          bytes,
          admit: (): void => {
            signal?.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal?.addEventListener('abort', leave, { once: true });
        waiting.push(entry);
        admitNext();
      });
      return () => {
        used -= bytes;
        admitNext();
      };
    },
  };
}
