/** `alphalora schema`: the JSON Schema of a document, for validators and editors. */
import { allocationSchema, analysisSchema, scoresSchema } from '@alphalora/contracts';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeJson } from '../../output/result.js';

const schemas = { analysis: analysisSchema, allocation: allocationSchema, scores: scoresSchema };

export function run(document: keyof typeof schemas, _: object, io: Io): ExitCode {
  writeJson(io.stdout, schemas[document]);
  return exitCodes.done;
}
