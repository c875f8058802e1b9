/** GGUF as one of the formats; the rules of the file are in `header.ts`, names and layouts in `tensors.ts`. */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';

export const gguf: CheckpointFormat = {
  name: 'gguf',
  extensions: ['.gguf'],
  numbered: true,
  sniff(head) {
    return String.fromCharCode(...head.subarray(0, 4)) === 'GGUF';
  },
  async read(source, signal, first) {
    const { readGguf } = await import('./read.js');
    return readGguf(source, signal, first);
  },
};
