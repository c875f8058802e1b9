/** A file of `numpy.save` as one of the formats: a tensor, called as the file is. */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import { plainName } from '../../sources/plain-name.js';

export const npy: CheckpointFormat = {
  name: 'npy',
  extensions: ['.npy'],
  oneTensorPerFile: true,
  sniff: (head) => String.fromCharCode(...head.subarray(0, 6)) === '\x93NUMPY',
  async read(source, signal) {
    const { readArray } = await import('./array.js');
    const name = plainName(source.name).replace(/\.npy$/, '');
    return { tensors: [await readArray(source, name, signal)], metadata: {} };
  },
};
