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
        const entry = { bytes, admit: resolve };
        waiting.push(entry);
        signal?.addEventListener('abort', () => {
          const position = waiting.indexOf(entry);
          if (position < 0) return;
          waiting.splice(position, 1);
          reject(signal.reason);
        });
        admitNext();
      });
      return () => {
        used -= bytes;
        admitNext();
      };
    },
  };
}
