/** How a command ends: the document into its file, the result to stdout, what is missing to stderr. */
import type { Allocation, Analysis } from '@alphalora/contracts';
import { formatDocument } from '../documents.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { failedRows, omissions } from '../output/analysis.js';

export interface DeliveryOptions {
  /** File to write the document into. */
  output?: string;
  /** Print the document instead of the text. */
  json?: boolean;
}

/** @param analysis the measurements behind the document, for what was left out of them */
export async function deliver(
  document: Analysis | Allocation,
  text: string,
  analysis: Analysis,
  { output, json }: DeliveryOptions,
  { stdout, stderr }: Io,
): Promise<ExitCode> {
  const formatted = formatDocument(document);
  if (output !== undefined) await writeFileAtomic(output, formatted);
  stdout.write(json ? formatted : text);
  stderr.write(omissions(analysis));
  if (output !== undefined) stderr.write(`wrote ${output}\n`);
  return exitCodeOf(analysis);
}

export function exitCodeOf(analysis: Analysis): ExitCode {
  return failedRows(analysis).length > 0 ? exitCodes.partial : exitCodes.done;
}
