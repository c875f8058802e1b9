/**
 * Zip archives (PKWARE, APPNOTE) read by ranges: the directory at the end by `@zip.js/zip.js`, then
 * what is asked for. Entries that are stored as they are, as PyTorch and numpy write them, are read
 * straight from the file; compressed ones are inflated from their beginning, a piece at a time.
 *
 * Checksums are of whole entries, so they are not checked.
 */
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, incomplete, invalid, quoted, unsupported } from '../../errors.js';
import { section } from '../../sources/section.js';
import { inflated } from './inflate.js';

export interface ArchiveEntry {
  readonly name: string;
  /** Where its header lies in the archive. */
  readonly offset: number;
  /** Its content. */
  readonly source: ByteSource;
}

/** Directories of the largest models, with a hundred thousand tensors, have some 15 MB. */
const MAX_DIRECTORY_BYTES = 1 << 25;
/** What DEFLATE makes of a byte at most. */
export const MAX_RATIO = 1032;
const [STORED, DEFLATED] = [0, 8];

/**
 * Reads the directory.
 *
 * @returns the entries by name, in the order of the directory
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is damaged or says what cannot be,
 *   `UNSUPPORTED_CHECKPOINT` for encrypted entries, and those of other compressions
 */
export async function openArchive(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const { name: file, byteLength } = source;
  const { ERR_EOCDR_NOT_FOUND, ZipReader } = await import('@zip.js/zip.js/lib/zip-core-reader.js');
  /** Errors of the source, which are no errors of the archive. */
  let fault: { reason: unknown } | undefined;
  const reader = {
    size: byteLength,
    async readUint8Array(start: number, length: number) {
      const end = Math.min(start + length, byteLength);
      if (start < 0 || start > end) return new Uint8Array();
      try {
        if (end - start > MAX_DIRECTORY_BYTES) {
          throw invalid(`its directory has over ${MAX_DIRECTORY_BYTES} bytes`, { file });
        }
        return await source.read(start, end, signal);
      } catch (reason) {
        fault = { reason };
        throw reason;
      }
    },
  };
  const entries = new Map<string, ArchiveEntry>();
  try {
    const archive = new ZipReader(reader as never, { maxAppendedDataSize: 0 });
    for await (const entry of archive.getEntriesGenerator()) {
      if (entry.directory) continue;
      const { filename: name } = entry;
      if (entries.has(name)) throw invalid(`it has two entries ${quoted(name)}`, { file });
      entries.set(name, { name, offset: entry.offset, source: contentOf(source, entry) });
    }
  } catch (cause) {
    if (fault) throw fault.reason;
    if (!isForeign(cause)) throw cause;
    if (cause.message === ERR_EOCDR_NOT_FOUND) {
      throw invalid(
        `it ends after ${byteLength} bytes, without the directory that ends a zip archive; ${incomplete}`,
        { file },
      );
    }
    throw invalid(`not a sound zip archive (${cause.message}); ${downloadAgain}`, { file, cause });
  }
  return entries;
}

interface DirectoryEntry {
  readonly filename: string;
  readonly offset: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly compressionMethod: number;
  readonly encrypted: boolean;
}

/** Everything the directory says of an entry is held against the size of the file. */
function contentOf(source: ByteSource, entry: DirectoryEntry): ByteSource {
  const { name: file } = source;
  const { filename, offset, compressedSize, uncompressedSize, compressionMethod } = entry;
  const refuse = (what: string): never => {
    throw invalid(`its entry ${quoted(filename)} ${what}; ${downloadAgain}`, { file });
  };
  if (entry.encrypted) {
    throw unsupported(`its entry ${quoted(filename)} is encrypted`, { file });
  }
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw unsupported(
      `its entry ${quoted(filename)} is compressed in a way that is not read (method ${compressionMethod}); store it`,
      { file },
    );
  }
  for (const count of [offset, compressedSize, uncompressedSize]) {
    if (!Number.isSafeInteger(count) || count < 0) refuse('has a size that no file has');
  }
  if (offset + compressedSize > source.byteLength) refuse('lies outside the file');
  const stored = section({
    source,
    byteLength: compressedSize,
    label: filename,
    start: (signal) => contentStart(source, entry, signal),
  });
  if (compressionMethod === DEFLATED) {
    if (uncompressedSize > MAX_RATIO * compressedSize) refuse('claims more than it can hold');
    return inflated(stored, uncompressedSize, filename);
  }
  if (compressedSize !== uncompressedSize) refuse('has two sizes, though it is stored');
  return stored;
}

/** After the entry's own header (APPNOTE 4.3.7), which has a length of its own. */
async function contentStart(
  source: ByteSource,
  { filename, offset, compressedSize }: DirectoryEntry,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { name: file, byteLength } = source;
  const refuse = (): never => {
    throw invalid(`the header of its entry ${quoted(filename)} is damaged; ${downloadAgain}`, {
      file,
    });
  };
  if (offset + 30 > byteLength) return refuse();
  const header = await source.read(offset, offset + 30, signal);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== 0x04034b50) return refuse();
  const start = offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  return start + compressedSize > byteLength ? refuse() : start;
}

function isForeign(error: unknown): error is Error {
  return error instanceof Error && !('code' in error);
}
