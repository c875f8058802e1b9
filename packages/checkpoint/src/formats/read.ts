/**
 * The way into each format: the first bytes of a file decide, whatever its name says. The reader of a
 * format is loaded when a file of it is opened.
 */
import type { CheckpointFormat, FormatContent } from '@alphalora/contracts/extensions';
import type { ByteSource } from '@alphalora/contracts/weights';
import { unsupported } from '../errors.js';
import { withHead } from '../sources/head.js';
import { plainName } from '../sources/plain-name.js';
import { isFromFiles, noted } from '../tensors/recipe.js';
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
 * @param first what the first of several files holds, for those after it
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the file is of another format,
 *   `INVALID_CHECKPOINT` when it holds no weights or breaks its format
 */
export async function readFormat(
  source: ByteSource,
  signal?: AbortSignal,
  first?: FormatContent,
): Promise<FormatContent> {
  const { byteLength, name } = source;
  const read = (length: number): Promise<Uint8Array> =>
    source.read(0, Math.min(length, byteLength), signal);
  const as = (format: CheckpointFormat, head: Uint8Array): Promise<FormatContent> =>
    contentAs(format, withHead(source, head), signal, first);
  const promised = formatOfName(name);
  const start = await read(SHORT_HEAD);
  if (safetensors.sniff(start)) {
    return told(await as(safetensors, start), { promised, format: safetensors, name });
  }
  const head = byteLength > start.byteLength ? await read(HEAD) : start;
  const format = allFormats().find((each) => each.sniff(head));
  if (format) return told(await as(format, head), { promised, format, name });
  refuseForeign(head, name);
  // None of them: the format that the name promises says what is wrong.
  if (!promised && foreignName.test(name)) {
    throw unsupported(`not a safetensors file; ${conversion}`, { file: name });
  }
  return as(promised ?? safetensors, head);
}

/** What it holds, with a note where its name promises something else. */
function told(
  content: FormatContent,
  file: { promised: CheckpointFormat | undefined; format: CheckpointFormat; name: string },
): FormatContent {
  const { promised, format } = file;
  if (!promised || promised === format) return content;
  const note = `${plainName(file.name)}: it is of the format ${format.name}, not ${promised.name} as its name says`;
  return { ...content, notes: [...(content.notes ?? []), note] };
}

/** Tensors that the format decodes by itself are had in another thread by having it read the file there. */
async function contentAs(
  format: CheckpointFormat,
  source: ByteSource,
  signal: AbortSignal | undefined,
  first: FormatContent | undefined,
): Promise<FormatContent> {
  const content = await format.read(source, signal, first);
  const { reference: file } = source;
  for (const tensor of content.tensors) {
    if (!file || isFromFiles(tensor)) continue;
    noted(tensor, { from: 'format', file, format: format.name, tensor: tensor.name });
  }
  return content;
}
