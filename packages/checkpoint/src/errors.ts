/** Errors of this package: each names the file and the tensor, and says what to do next. */
import { type AlphaLoraError, defined, errorIn } from '@alphalora/contracts';

interface Place {
  file: string;
  tensor?: string;
  cause?: unknown;
}

/** Bytes that break the rules of their format. */
export function invalid(what: string, place: Place): AlphaLoraError {
  return located('INVALID_CHECKPOINT', what, place);
}

/** Well-formed, but more than we can read. */
export function unsupported(what: string, place: Place): AlphaLoraError {
  return located('UNSUPPORTED_CHECKPOINT', what, place);
}

function located(
  code: 'INVALID_CHECKPOINT' | 'UNSUPPORTED_CHECKPOINT',
  what: string,
  { file, tensor, ...rest }: Place,
): AlphaLoraError {
  const where = tensor === undefined ? '' : `tensor ${quoted(tensor)}: `;
  return errorIn(code, file, `${where}${what}`, { ...rest, details: defined({ tensor }) });
}

/** A name from a file, made safe for a terminal and short enough for a line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}

/** The mend for files that were damaged on their way. */
export const downloadAgain = 'the file is damaged or incomplete: download or export it again';
