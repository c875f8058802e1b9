/** Files of torch.save since 1.6: a zip archive of a pickle and of a file for each storage. */
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, quoted, unsupported } from '../../errors.js';
import { type ArchiveEntry, openArchive } from '../zip/archive.js';
import { torchHost } from './host.js';
import { unpickle } from './pickle.js';
import type { TorchFile } from './types.js';

/** Pickles of a hundred thousand tensors have some 20 MB. */
export const MAX_PICKLE_BYTES: number = 1 << 26;

/**
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the archive, or the pickle in it, is damaged,
 *   `UNSUPPORTED_CHECKPOINT` when it is no archive of torch.save, or for another order of bytes
 */
export async function readArchive(source: ByteSource, signal?: AbortSignal): Promise<TorchFile> {
  const { name: file } = source;
  const entries = await openArchive(source, signal);
  const names = [...entries.keys()].filter((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw unsupported('it is a zip archive, and not one that torch.save wrote', { file });
  }
  const folder = name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw unsupported(
      'it is a TorchScript program, of which weights are not read; save its state_dict() with torch.save',
      { file },
    );
  }
  const order = entries.get(`${folder}byteorder`);
  if (order && (await content(order, 16, file, signal)).at(0) !== LITTLE) {
    throw unsupported('it was written on a big-endian machine; save it on another', { file });
  }
  const host = torchHost(source);
  const pickle = await content(entries.get(name)!, MAX_PICKLE_BYTES, file, signal);
  const read = unpickle(pickle, 0, host);
  if (!read) throw invalid(`the pickle in it ends too early; ${downloadAgain}`, { file });
  return {
    root: read.value,
    storage(key) {
      const entry = entries.get(`${folder}data/${key}`);
      const { end } = host.storages.get(key)!;
      if (!entry) throw invalid(`it has no storage ${quoted(key)}; ${downloadAgain}`, { file });
      if (entry.source.byteLength < end) {
        throw invalid(
          `storage ${quoted(key)} has ${entry.source.byteLength} bytes, and should have ${end}; ${downloadAgain}`,
          { file },
        );
      }
      return entry;
    },
  };
}

/** The l of `little`. */
const LITTLE = 0x6c;

async function content(
  { name, source }: ArchiveEntry,
  limit: number,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { byteLength } = source;
  if (byteLength > limit) {
    throw invalid(
      `its entry ${quoted(name)} has ${byteLength} bytes; at most ${limit} are read of it`,
      { file },
    );
  }
  return source.read(0, byteLength, signal);
}
