/** The texts to embed: of the command line, a file, or stdin. */
import { AlphaLoraError } from '@alphalora/contracts';
import { inputName, readText } from '../../files/read.js';
import type { Io } from '../../io.js';
import type { EmbedOptions } from './command.js';

/**
 * @returns those of `--text`, then those of `--input`; rows are in this order
 * @throws AlphaLoraError `INVALID_OPTION` where there is none, `INVALID_DOCUMENT` for a line of .jsonl without a text
 */
export async function textsOf(
  { text = [], input }: Pick<EmbedOptions, 'text' | 'input'>,
  io: Io,
): Promise<string[]> {
  if (input === undefined && text.length > 0) return text;
  if (input === undefined && process.stdin.isTTY) throw none('there is no text');
  const path = input ?? '-';
  const content = (await readText(path, io)).replace(/^\ufeff|\r?\n$/g, '');
  if (content === '') throw none(`${inputName(path)} is empty`);
  const lines = content.split(/\r?\n/);
  return [
    ...text,
    ...(path.endsWith('.jsonl') ? lines.map((line, i) => field(line, i, path)) : lines),
  ];
}

function none(what: string): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `${what}: give --text "text" or --input texts.txt, or pipe texts in, one per line`,
  );
}

function field(line: string, index: number, path: string): string {
  const place = `${path}: line ${index + 1}`;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw new AlphaLoraError('INVALID_DOCUMENT', `${place} is not JSON`, { cause });
  }
  const text = typeof record === 'string' ? record : Object(record).text;
  if (typeof text === 'string') return text;
  throw new AlphaLoraError('INVALID_DOCUMENT', `${place} has no field "text" with a text`);
}
