/**
 * The way into each format: the first bytes of a file decide, whatever its name says. The reader of a
 * format is loaded when a file of it is opened.
 */
import type { ByteSource, FormatContent } from '@alphalora/contracts';
import { unsupported } from '../errors.js';
import { withHead } from '../sources/head.js';
import { conversion, foreignName, refuseForeign } from './foreign.js';
import { allFormats } from './index.js';
import { formatOfName } from './names.js';
import { safetensors } from './safetensors/format.js';

/** What tells safetensors; most files are, and a remote one is asked for no byte more. */
const SHORT_HEAD = 9;
/** What formats are shown of a file. */
const HEAD = 512;

/**
 * Reads what a file holds.
 *
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the file is of another format,
 *   `INVALID_CHECKPOINT` when it holds no weights or breaks its format
 */
export async function readFormat(source: ByteSource, signal?: AbortSignal): Promise<FormatContent> {
  const { byteLength, name } = source;
  const read = (length: number): Promise<Uint8Array> =>
    source.read(0, Math.min(length, byteLength), signal);
  const start = await read(SHORT_HEAD);
  if (safetensors.sniff(start)) return safetensors.read(withHead(source, start), signal);
  const head = byteLength > start.byteLength ? await read(HEAD) : start;
  const format = allFormats().find((each) => each.sniff(head));
  if (format) return format.read(withHead(source, head), signal);
  refuseForeign(head, name);
  // None of them: the format that the name promises says what is wrong.
  const promised = formatOfName(name);
  if (!promised && foreignName.test(name)) {
    throw unsupported(`not a safetensors file; ${conversion}`, { file: name });
  }
  return (promised ?? safetensors).read(withHead(source, head), signal);
}
