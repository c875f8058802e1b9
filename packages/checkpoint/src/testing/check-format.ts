/**
 * The conformance kit of formats: a few valid files, of which the author says what they hold, are read,
 * cut short and damaged.
 */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import { type Check, createKit, type TestFunctions } from '@alphalora/contracts/testing';
import { abort, damaged, faultOfReading, inputUnchanged, truncated } from './faults.js';
import { headersFirst, lazily, parts, stored } from './reading.js';
import { opens, ownFiles, shape, strangers, values } from './recognizing.js';
import type { FormatFile, Subject } from './subject.js';

const kit = createKit<Subject>({
  steps: [
    ['shape', shape],
    ['own files', ownFiles],
    ['opens', opens],
    ['values', values],
  ],
  independent: [
    ['other files', strangers],
    ['headers first', headersFirst],
    ['lazily', lazily],
    ['parts', parts],
    ['stored bytes', stored],
    ['input unchanged', inputUnchanged],
    ['abort', abort],
    ['fault of reading', faultOfReading],
    ['truncated', truncated],
    ['damaged', damaged],
  ],
});

/**
 * @param files valid ones; one of over 256 KiB shows that nothing is read before it is asked for
 * @returns a result for each check; it never throws for a fault of the format
 */
export function checkFormat(
  format: CheckpointFormat,
  files: readonly FormatFile[],
): Promise<Check[]> {
  return kit.check({ format, files });
}

/** {@link checkFormat} as tests of the caller's framework, one for each check. */
export function describeFormat(
  format: CheckpointFormat,
  files: readonly FormatFile[],
  tests: TestFunctions,
): void {
  kit.describe(`format ${format.name}`, { format, files }, tests);
}
