/** Errors of this package: each names the file and the tensor, and says what to do next. */
import { AlphaLoraError, defined, type ErrorDetails, errorIn } from '@alphalora/contracts';

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

/** What is read of a file, or of a weight in it, is not what was there before. */
export function changedMeanwhile(name: string, details: ErrorDetails): AlphaLoraError {
  return new AlphaLoraError(
    'IO_FAILED',
    `${name}: it was changed while it was read; start again when nothing writes to it`,
    { details },
  );
}

/** A file that ends before what its header describes. */
export function cutOff(file: string, byteLength: number, described: number): AlphaLoraError {
  return invalid(`it ends after ${byteLength} of ${described} bytes; ${incomplete}`, { file });
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

/** The mend for files that end too early. */
export const incomplete = 'its download or export was not finished: download or export it again';
/** The mend for files that were damaged on their way. */
export const downloadAgain = 'the file is damaged or incomplete: download or export it again';
