/** A file of `numpy.savez` as one of the formats: a zip archive of arrays. */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { firstEntry } from '../zip/first-entry.js';

export const npz: CheckpointFormat = {
  name: 'npz',
  extensions: ['.npz'],
  sniff: (head) => firstEntry(head).endsWith('.npy'),
  async read(source, signal) {
    const [{ openArchive }, { readArray }, { unsupported }] = await Promise.all([
      import('../zip/archive.js'),
      import('./array.js'),
      import('../../errors.js'),
    ]);
    const tensors: StoredTensor[] = [];
    for (const [entry, array] of await openArchive(source, signal)) {
      if (!entry.endsWith('.npy')) continue;
      tensors.push(await readArray(array.source, entry.slice(0, -'.npy'.length), signal));
      // Of a compressed one, what was unpacked beyond the header.
      await array.source.close?.();
    }
    if (tensors.length === 0) {
      throw unsupported('it is a zip archive without arrays of numpy', { file: source.name });
    }
    return { tensors, metadata: {} };
  },
};
