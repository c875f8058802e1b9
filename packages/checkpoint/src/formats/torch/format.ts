/** Files of PyTorch as one of the formats: those of torch.save since 1.6, and of before. */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import { firstEntry } from '../zip/first-entry.js';

/** The number that begins files of before 1.6, as it is pickled. */
const MAGIC = '\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19';
/** What an archive of torch.save begins with: a folder, and in it one of these. */
const member =
  /^[^/]+\/(data\.pkl|constants\.pkl|byteorder|version|\.?data\/|code\/|\.format_version)/;

export const torch: CheckpointFormat = {
  name: 'torch',
  extensions: ['.bin', '.pt', '.pth', '.ckpt'],
  modelNames: ['pytorch_model', 'model'],
  sniff(head) {
    if (head[0] !== 0x80) return member.test(firstEntry(head));
    return String.fromCharCode(...head.subarray(0, 32)).includes(MAGIC);
  },
  async read(source, signal) {
    const { readTorch } = await import('./read.js');
    return readTorch(source, signal);
  },
};
