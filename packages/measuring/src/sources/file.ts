/** Opens the files of a model again, in another thread than the one that read their headers. */
import { errorIn } from '@alphalora/contracts';
import type { ByteSource, SourceReference } from '@alphalora/contracts/weights';
import type { ModelAccess } from '../models/access.js';
import { sources } from './index.js';
import { openNetwork } from './network.js';
import type { Network } from './source.js';

/**
 * @returns opens a file by the source that its reference is of, and throws AlphaLoraError `IO_FAILED`
 *   when it has been changed since
 */
export function fileOpener(access: ModelAccess): (file: SourceReference) => Promise<ByteSource> {
  let settled: Promise<Network> | undefined;
  const network = (): Promise<Network> => {
    settled ??= openNetwork(access);
    return settled;
  };
  return async (file) => {
    const { openFile } = await sources.load(file.kind);
    if (openFile) return openFile(file, network);
    throw errorIn('IO_FAILED', file.name, 'its source opens no files by themselves', {
      details: { source: file.kind },
    });
  };
}
