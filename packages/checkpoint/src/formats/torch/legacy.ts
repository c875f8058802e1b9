/**
 * Files of torch.save before 1.6 (`_legacy_save` in torch/serialization.py): pickles of a magic number,
 * of a version, of facts about the machine, of the object, and of the keys of its storages; then, for
 * each key, the number of elements in 64 bits and the elements.
 */
import type { ByteSource } from '@alphalora/contracts/weights';
import { cutOff, downloadAgain, invalid, quoted, unsupported } from '../../errors.js';
import { section } from '../../sources/section.js';
import { MAX_PICKLE_BYTES } from './archive.js';
import { torchHost } from './host.js';
import type { PickleHost } from './machine.js';
import { unpickle } from './pickle.js';
import type { TorchFile } from './types.js';

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** What is read at first; doubled until the pickles end in it. */
const WINDOW = 1 << 15;

/**
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is damaged, `UNSUPPORTED_CHECKPOINT` when it is
 *   another pickle, or from a big-endian machine
 */
export async function readLegacy(source: ByteSource, signal?: AbortSignal): Promise<TorchFile> {
  const { name: file, byteLength } = source;
  const host = torchHost(source);
  const next = pickles(source, host, signal);
  if ((await next()).value !== MAGIC_NUMBER) {
    throw unsupported('it is a pickle, and not one that torch.save wrote', { file });
  }
  const { value: version } = await next();
  if (version !== VERSION) {
    throw unsupported(`it has version ${String(version).slice(0, 20)}, not ${VERSION}`, { file });
  }
  const { value: machine } = await next();
  if (machine instanceof Map && machine.get('little_endian') === false) {
    throw unsupported('it was written on a big-endian machine; save it on another', { file });
  }
  const { value: root } = await next();
  const { value: keys, end } = await next();
  if (!Array.isArray(keys)) throw invalid(`it lists no storages; ${downloadAgain}`, { file });
  const places = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const storage = host.storages.get(key as string);
    if (!storage || places.has(storage.key)) {
      throw invalid(`its list of storages is not that of its tensors; ${downloadAgain}`, { file });
    }
    places.set(storage.key, at);
    at += 8 + storage.end;
  }
  if (at > byteLength) throw cutOff(file, byteLength, at);
  return {
    root,
    storage(key) {
      const offset = places.get(key);
      if (offset === undefined) {
        throw invalid(`it has no storage ${quoted(key)}; ${downloadAgain}`, { file });
      }
      const { end: length, type } = host.storages.get(key)!;
      const start = async (abort?: AbortSignal): Promise<number> => {
        const count = await source.read(offset, offset + 8, abort);
        const elements = new DataView(count.buffer, count.byteOffset).getBigUint64(0, true);
        if (elements === BigInt(length / type.bytes)) return offset + 8;
        throw invalid(
          `storage ${quoted(key)} has ${elements} elements, and should have ${length / type.bytes}; ${downloadAgain}`,
          { file },
        );
      };
      return { offset, source: section({ source, byteLength: length, label: key, start }) };
    },
  };
}

/** Reads one pickle after the other, and of the file as much as they take. */
function pickles(
  source: ByteSource,
  host: PickleHost,
  signal: AbortSignal | undefined,
): () => Promise<{ value: unknown; end: number }> {
  const most = Math.min(source.byteLength, MAX_PICKLE_BYTES);
  let bytes = new Uint8Array();
  let at = 0;
  const grow = async (): Promise<void> => {
    const have = bytes.byteLength;
    if (have === most) {
      const what = most < source.byteLength ? `takes over ${most} bytes` : 'ends too early';
      throw invalid(`the pickle in it ${what}; ${downloadAgain}`, { file: source.name });
    }
    const longer = new Uint8Array(Math.min(most, Math.max(WINDOW, 2 * have)));
    longer.set(bytes);
    longer.set(await source.read(have, longer.byteLength, signal), have);
    bytes = longer;
  };
  return async () => {
    for (;;) {
      const pickle = unpickle(bytes, at, host);
      if (pickle) {
        at = pickle.end;
        return pickle;
      }
      await grow();
    }
  };
}
