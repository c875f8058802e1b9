/**
 * The formats that weights are read from, and the way into each: the first bytes of a file decide,
 * whatever its name says. The reader of a format is loaded when a file of it is opened.
 */
import type { ByteSource, CheckpointFormat, FormatContent } from '@alphalora/contracts';
import { withHead } from '../sources/head.js';
import { refuseForeign } from './foreign.js';
import { safetensors } from './safetensors/format.js';

/** Those built in; a further one is a file and a line here. */
const builtIn: readonly CheckpointFormat[] = [safetensors];

/** What tells safetensors; most files are, and a remote one is asked for no byte more. */
const SHORT_HEAD = 9;
/** What formats are shown of a file. */
const HEAD = 512;

/** The format that a name stands for, e.g. `safetensors` for `model.safetensors`. */
export function formatOfName(
  name: string,
  further: readonly CheckpointFormat[] = [],
): CheckpointFormat | undefined {
  return [...further, ...builtIn].find(({ extensions }) =>
    extensions.some((extension) => name.endsWith(extension)),
  );
}

/**
 * Reads what a file holds.
 *
 * @param further formats that are asked about what does not begin as safetensors does
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the file is of another format,
 *   `INVALID_CHECKPOINT` when it holds no weights or breaks its format
 */
export async function readFormat(
  source: ByteSource,
  { signal, further = [] }: { signal?: AbortSignal; further?: readonly CheckpointFormat[] } = {},
): Promise<FormatContent> {
  const { byteLength, name } = source;
  const read = (length: number): Promise<Uint8Array> =>
    source.read(0, Math.min(length, byteLength), signal);
  const formats = [...further, ...builtIn];
  const start = await read(SHORT_HEAD);
  if (safetensors.sniff(start)) return safetensors.read(withHead(source, start), signal);
  const head = byteLength > start.byteLength ? await read(HEAD) : start;
  const format = formats.find((each) => each.sniff(head));
  if (format) return format.read(withHead(source, head), signal);
  refuseForeign(head, name);
  // None of them: the format that the name promises says what is wrong.
  return (formatOfName(name, further) ?? safetensors).read(withHead(source, head), signal);
}
