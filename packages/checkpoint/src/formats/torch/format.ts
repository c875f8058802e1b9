/** Files of PyTorch as one of the formats: those of torch.save since 1.6, and of before. */
import type { CheckpointFormat } from '@alphalora/contracts';

const [ZIP, PICKLE] = ['PK\x03\x04', '\x80'];
/** The number that begins files of before 1.6, as it is pickled. */
const MAGIC = '\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19';
/** What an archive of torch.save begins with: a folder, and in it one of these. */
const member =
  /^[^/]+\/(data\.pkl|constants\.pkl|byteorder|version|\.?data\/|code\/|\.format_version)/;

export const torch: CheckpointFormat = {
  name: 'torch',
  extensions: ['.bin', '.pt', '.pth', '.ckpt'],
  modelNames: ['pytorch_model', 'model'],
  sniff(bytes) {
    const head = String.fromCharCode(...bytes.subarray(0, 512));
    if (head.startsWith(PICKLE)) return head.slice(0, 32).includes(MAGIC);
    const length = head.charCodeAt(26) | (head.charCodeAt(27) << 8);
    return head.startsWith(ZIP) && member.test(head.slice(30, 30 + length));
  },
  async read(source, signal) {
    const { readTorch } = await import('./read.js');
    return readTorch(source, signal);
  },
};
