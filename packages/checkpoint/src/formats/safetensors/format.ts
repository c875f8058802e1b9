/** safetensors as one of the formats; the rules are in `header.ts`. */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';

export const safetensors: CheckpointFormat = {
  name: 'safetensors',
  extensions: ['.safetensors'],
  // The length of a header, of 32 bits at most, and an opening brace.
  sniff(head) {
    return head.byteLength >= 9 && head[8] === 0x7b && !head.subarray(4, 8).some(Boolean);
  },
  async read(source, signal) {
    const [{ readHeader }, { storedTensor }] = await Promise.all([
      import('./header.js'),
      import('../../tensors/stored.js'),
    ]);
    const { tensors, metadata } = await readHeader(source, signal);
    return { tensors: tensors.map((place) => storedTensor(source, place)), metadata };
  },
};
