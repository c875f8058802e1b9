/** `alphalora schema`: the JSON Schema of a document, for validators and editors. */

import {
  AlphaLoraError,
  allocationSchema,
  analysisSchema,
  scoresSchema,
} from '@alphalora/contracts';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeJson } from '../../output/result.js';

const schemas = new Map([
  ['analysis', analysisSchema],
  ['allocation', allocationSchema],
  ['scores', scoresSchema],
]);

export function run(document: string, _: object, io: Io): ExitCode {
  const found = schemas.get(document);
  if (!found) {
    const names = [...schemas.keys()].join(', ');
    throw new AlphaLoraError('INVALID_OPTION', `no schema "${document}": there are ${names}`);
  }
  writeJson(io.stdout, found);
  return exitCodes.done;
}
