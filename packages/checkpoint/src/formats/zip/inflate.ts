/**
 * What a compressed entry holds, as a source. A stream can be read from its beginning only, so reading
 * goes on where the last one ended, and starts again for what lies before; a piece is held at a time.
 */
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, quoted } from '../../errors.js';

/** Compressed bytes that are read at a time. */
const CHUNK_BYTES = 1 << 18;

interface Stream {
  /** Of the next byte. */
  at: number;
  /** Inflated, and not asked for yet. */
  rest: Uint8Array;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Of the source, which says nothing about what is compressed. */
  fault?: { readonly reason: unknown };
}

/** @param entry its name, for messages */
export function inflated(compressed: ByteSource, byteLength: number, entry: string): ByteSource {
  const { name: file, identity } = compressed;
  let stream: Stream | undefined;
  /** Reads follow one another. */
  let last: Promise<unknown> = Promise.resolve();

  async function readInto(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (stream && stream.at > start) {
      await stream.reader.cancel().catch(() => undefined);
      stream = undefined;
    }
    stream ??= inflate(compressed);
    const open = stream;
    try {
      for (const end = start + target.byteLength; open.at < end; ) {
        signal?.throwIfAborted();
        if (open.rest.byteLength === 0) open.rest = await next(open);
        const taken = open.rest.subarray(0, (open.at < start ? start : end) - open.at);
        if (open.at >= start) target.set(taken, open.at - start);
        open.at += taken.byteLength;
        open.rest = open.rest.subarray(taken.byteLength);
      }
      if (open.at === byteLength) stream = undefined;
    } catch (error) {
      if (stream === open) stream = undefined;
      throw error;
    }
  }

  async function next(open: Stream): Promise<Uint8Array> {
    const broken = (cause?: unknown): Error =>
      invalid(`its entry ${quoted(entry)} cannot be unpacked; ${downloadAgain}`, { file, cause });
    const { done, value } = await open.reader.read().catch((cause: unknown) => {
      throw open.fault ? open.fault.reason : broken(cause);
    });
    if (done) throw broken();
    return value;
  }

  const queued = (target: Uint8Array, start: number, signal?: AbortSignal): Promise<void> => {
    const reading = last.then(() => readInto(target, start, signal));
    last = reading.catch(() => undefined);
    return reading;
  };
  return {
    name: file,
    byteLength,
    ...(identity !== undefined && { identity: `${identity} inflated` }),
    async read(start, end, signal) {
      const target = new Uint8Array(end - start);
      await queued(target, start, signal);
      return target;
    },
    readInto: queued,
    async close() {
      await last;
      await stream?.reader.cancel().catch(() => undefined);
      stream = undefined;
    },
  };
}

function inflate(source: ByteSource): Stream {
  let at = 0;
  const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const end = Math.min(at + CHUNK_BYTES, source.byteLength);
        if (at === end) return controller.close();
        try {
          controller.enqueue(new Uint8Array(await source.read(at, end)));
        } catch (reason) {
          stream.fault = { reason };
          throw reason;
        }
        at = end;
      },
    },
    { highWaterMark: 0 },
  );
  const reader = bytes.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const stream: Stream = { at: 0, rest: new Uint8Array(), reader };
  return stream;
}
