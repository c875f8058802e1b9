/** A run of bytes of a source as a source of its own, such as an entry of an archive. */
import { defined, errorIn } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';

interface Section {
  readonly source: ByteSource;
  readonly byteLength: number;
  /**
   * Where it begins, asked when something of it is read for the first time: to open a file of a
   * thousand sections takes no thousand requests.
   */
  start(signal?: AbortSignal): Promise<number>;
  /** Tells it from other sections of the source. */
  readonly label: string;
}

export function section({ source, byteLength, start, label }: Section): ByteSource {
  const { name } = source;
  let known: number | undefined;
  const place = async (from: number, to: number, signal?: AbortSignal): Promise<number> => {
    if (from < 0 || from > to || to > byteLength) {
      throw errorIn('IO_FAILED', name, `bytes ${from} to ${to} of ${byteLength} asked for`);
    }
    known ??= await start(signal);
    return known + from;
  };
  return {
    name,
    byteLength,
    ...defined({ identity: source.identity && `${source.identity} ${label}` }),
    async read(from, to, signal) {
      const begin = await place(from, to, signal);
      return source.read(begin, begin + to - from, signal);
    },
    ...(source.readInto && {
      async readInto(target: Uint8Array, from: number, signal?: AbortSignal) {
        const begin = await place(from, from + target.byteLength, signal);
        return source.readInto!(target, begin, signal);
      },
    }),
  };
}
