/**
 * The one error class that AlphaLoRA packages throw on purpose: tagged, so that a program can tell
 * a damaged file from a wrong option without reading English.
 *
 * Recognise it with {@link isAlphaLoraError}, not with `instanceof`: two copies of this package may
 * be installed side by side.
 */

/** The closed set of what can go wrong. */
export type ErrorCode =
  /** Bytes or documents that break their format's rules. */
  | 'INVALID_CHECKPOINT'
  /** A well-formed checkpoint that uses what we cannot read. */
  | 'UNSUPPORTED_CHECKPOINT'
  /** An Analysis or Allocation document that does not follow its schema. */
  | 'INVALID_DOCUMENT'
  /** A file, folder, tensor or registered name that does not exist. */
  | 'NOT_FOUND'
  /** An option or argument outside what is allowed. */
  | 'INVALID_OPTION'
  /** A budget that no allocation within the bounds can meet. */
  | 'INFEASIBLE_BUDGET'
  /** A policy that threw, hung, or returned what is no answer. */
  | 'POLICY_FAILED'
  /** An estimator, engine, format, ... of others that threw what is no error of these. */
  | 'EXTENSION_FAILED'
  /** A matrix or spectrum that has no answer: NaN, all zero, rank one, no candidate for the cut. */
  | 'NO_SPECTRUM'
  /** A training run whose loss, gradients or weights are no finite numbers, or that learns nothing. */
  | 'TRAINING_FAILED'
  /** The operating system or a server refused to read or write, or the connection to it failed. */
  | 'IO_FAILED'
  /** An engine or device could not be loaded, failed its self-test, or failed while it computed. */
  | 'ENGINE_FAILED';

/** Plain data about where an error happened, e.g. `{ file, tensor }`. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

export class AlphaLoraError extends Error {
  override readonly name: string = 'AlphaLoraError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** What {@link isAlphaLoraError} looks for. */
  readonly tag: 'alphalora' = 'alphalora';

  /**
   * @param code what kind of failure this is
   * @param message what happened, where, and what to do next
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * An error in something that has a name, such as a file: `<name>: <what>`, with `details.file`.
 *
 *     throw errorIn('INVALID_CHECKPOINT', 'model.safetensors', 'it is empty; download it again');
 */
export function errorIn(
  code: ErrorCode,
  file: string,
  what: string,
  { details, ...rest }: { details?: ErrorDetails; cause?: unknown } = {},
): AlphaLoraError {
  return new AlphaLoraError(code, `${file}: ${what}`, { ...rest, details: { file, ...details } });
}

/**
 * What an error says of a weight, without the file and the weight: the document that it goes into names
 * these elsewhere, and other machines have other paths.
 */
export function reasonOf({ message, details }: AlphaLoraError, weight?: string): string {
  const { file, tensor } = details;
  return [file, tensor && `tensor ${JSON.stringify(tensor)}`, weight]
    .flatMap((place) => (place === undefined ? [] : [`${place}: `]))
    .reduce((text, place) => (text.startsWith(place) ? text.slice(place.length) : text), message);
}

/** Whether `error` is an {@link AlphaLoraError} (of the given codes, when any are given). */
export function isAlphaLoraError(error: unknown, ...codes: ErrorCode[]): error is AlphaLoraError {
  if (typeof error !== 'object' || error === null || !('tag' in error) || error.tag !== 'alphalora')
    return false;
  return codes.length === 0 || codes.includes((error as AlphaLoraError).code);
}
