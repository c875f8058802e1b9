/** Errors as plain data: cloning one from thread to thread would strip its fields and its causes. */
import {
  AlphaLoraError,
  type ErrorCode,
  type ErrorDetails,
  isAlphaLoraError,
} from '@alphalora/contracts';

export interface PackedError {
  name: string;
  message: string;
  stack?: string;
  /** Of an AlphaLoraError only. */
  tagged?: { code: ErrorCode; details: ErrorDetails };
  cause?: PackedError;
}

/** More causes than this are a circle, or of no use to anybody. */
const DEEPEST = 8;

/** Anything can be thrown, also what has no text. */
export function packError(error: unknown, depth = 0): PackedError {
  try {
    if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
    const { name, message, stack, cause } = error;
    return {
      name: String(name),
      message: String(message),
      ...(typeof stack === 'string' && { stack }),
      ...(isAlphaLoraError(error) && { tagged: { code: error.code, details: error.details } }),
      ...(cause !== undefined && depth < DEEPEST && { cause: packError(cause, depth + 1) }),
    };
  } catch {
    return { name: 'Error', message: 'something was thrown that has no text' };
  }
}

export function unpackError({ name, message, stack, tagged, cause }: PackedError): Error {
  const reason = cause && { cause: unpackError(cause) };
  const error = tagged
    ? new AlphaLoraError(tagged.code, message, { details: tagged.details, ...reason })
    : Object.assign(new Error(message, reason), { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
