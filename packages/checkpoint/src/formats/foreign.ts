/** Files that are no weights, or in formats that are not read: each is refused by the name of what it is. */
import type { AlphaLoraError } from '@alphalora/contracts';
import { downloadAgain, invalid, quoted, unsupported } from '../errors.js';

export const conversion: string =
  'save it as safetensors, e.g. in Python: model.save_pretrained(folder, safe_serialization=True)';

/** Names of weights in formats that are not read. */
export const foreignName: RegExp = /\.(pkl|ggml|h5|msgpack|onnx)$/;

interface Stranger {
  /** What it is, with an article. */
  readonly what: string;
  /** Whether it is, by the first bytes as characters. */
  readonly is: (head: string) => boolean;
  /** Where saving it as safetensors is not what helps. */
  readonly mend?: string;
  /** Whether it holds weights all the same. */
  readonly hasWeights?: true;
}

const starts =
  (...beginnings: string[]) =>
  (head: string): boolean =>
    beginnings.some((beginning) => head.startsWith(beginning));

/** What Git, a server or a program that downloads leaves in the place of any file. */
const substitutes: readonly Stranger[] = [
  {
    what: 'a Git LFS pointer instead of the file',
    is: starts('version https://git-lfs'),
    mend: 'run git lfs pull',
  },
  {
    what: 'an HTML page instead of the file, such as an error or a login',
    is: (head) => /^(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|!--)/i.test(head),
    mend: 'download the file itself',
  },
  {
    what: 'an XML document instead of the file, such as an error of a file store',
    is: (head) => /^(\xef\xbb\xbf)?\s*<\?xml/i.test(head),
    mend: 'download the file itself',
  },
  { what: 'compressed with gzip', is: starts('\x1f\x8b\x08'), mend: 'unpack it' },
  { what: 'compressed with xz', is: starts('\xfd7zXZ\0'), mend: 'unpack it' },
  { what: 'compressed with bzip2', is: (head) => /^BZh[1-9]/.test(head), mend: 'unpack it' },
  { what: 'a 7z archive', is: starts('7z\xbc\xaf\x27\x1c'), mend: 'unpack it' },
  { what: 'a RAR archive', is: starts('Rar!\x1a\x07'), mend: 'unpack it' },
  { what: 'compressed with zstd', is: starts('\x28\xb5\x2f\xfd'), mend: 'unpack it' },
  // Programs that download make room first.
  {
    what: 'zeros where it should begin',
    is: (head) => /^\0{32,}$/.test(head),
    mend: downloadAgain,
  },
];

const strangers: readonly Stranger[] = [
  ...substitutes,
  {
    what: 'a JSON document instead of the weights, such as an index or an error',
    is: (head) => /^(\xef\xbb\xbf)?\s*([{[]\s*["{}[\]]|\[\s*\d)/.test(head),
    mend: 'download the file itself',
  },
  { what: 'a GGML file, of the time before GGUF', is: starts('lmgg', 'fmgg', 'tjgg', 'algg') },
  {
    what: 'a zip archive that torch.save and numpy.savez did not write',
    is: starts('PK\x03\x04', 'PK\x05\x06'),
    mend: 'unpack it if the model is in it',
  },
  // The number of the protocol, then what the pickles of state dicts begin with.
  {
    what: 'a pickle that torch.save did not write',
    is: (head) =>
      starts('\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05')(head) &&
      '\x8a\x95}](cq'.includes(head[2]!),
  },
  {
    // The version of the format, a small number, then its producer or the graph.
    what: 'an ONNX file, whose matrices have no names that tell their layers',
    is: (head) => head[0] === '\b' && head[1]! < ' ' && '\x12:'.includes(head[2] ?? ' '),
    mend: 'give the model that it was exported from',
    hasWeights: true,
  },
  { what: 'an HDF5 file, as Keras saves it', is: starts('\x89HDF\r\n\x1a\n') },
  {
    what: 'a TFLite file, whose matrices have no names that tell their layers',
    is: (head) => head.startsWith('TFL3', 4),
    mend: 'give the model that it was converted from',
    hasWeights: true,
  },
  // A map of names, the first of which is short.
  {
    what: 'a msgpack file, as Flax saves it',
    is: (head) => /^([\x81-\x8f]|\xde..)[\xa1-\xbf][\w.]/s.test(head),
  },
  { what: 'a tar archive', is: (head) => starts('ustar')(head.slice(257)), mend: 'unpack it' },
];

/** What a server says instead of sending a file, such as `Entry not found`. */
const text = /^[\t\n\r\x20-\x7e]{8,}$/;

/** Bytes that tell what a file is. */
const HEAD = 512;

/**
 * @param bytes of a file that is no weights, such as a configuration
 * @throws AlphaLoraError `INVALID_CHECKPOINT` for what stands in the place of a file; nothing otherwise
 */
export function refuseSubstitute(bytes: Uint8Array, file: string): void {
  if (bytes.byteLength === 0) throw invalid(`it is empty; ${downloadAgain}`, { file });
  const characters = String.fromCharCode(...bytes.subarray(0, HEAD));
  const substitute = substitutes.find((each) => each.is(characters));
  if (substitute) throw refusal(substitute, file);
}

/**
 * @param head the first bytes of the file
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for weights in another format, `INVALID_CHECKPOINT`
 *   for what is known to be none; nothing for what is not known
 */
export function refuseForeign(head: Uint8Array, file: string): void {
  if (head.byteLength === 0) throw invalid(`it is empty; ${downloadAgain}`, { file });
  const characters = String.fromCharCode(...head);
  const stranger = strangers.find((each) => each.is(characters));
  if (stranger) throw refusal(stranger, file);
  if (!text.test(characters)) return;
  throw invalid(
    `it is a text that begins ${quoted(characters.slice(0, 60))}, not weights; download the file itself`,
    {
      file,
    },
  );
}

function refusal({ what, mend, hasWeights }: Stranger, file: string): AlphaLoraError {
  if (mend === undefined)
    return unsupported(`it is ${what}, not safetensors; ${conversion}`, { file });
  return (hasWeights ? unsupported : invalid)(`it is ${what}; ${mend}`, { file });
}
