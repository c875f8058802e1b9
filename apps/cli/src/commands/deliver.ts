/** How a command ends: the document into its file, the result to stdout, what is missing to stderr. */
import type { Allocation, Analysis } from '@alphalora/contracts';
import { formatDocument } from '../documents.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { failedRows, omissions } from '../output/analysis.js';
import { type GateOptions, reportCrossings } from '../thresholds.js';

export interface DeliveryOptions extends GateOptions {
  /** File to write the document into. */
  output?: string;
  /** Print the document instead of the text. */
  json?: boolean;
}

/** @param analysis the measurements behind the document, if any, for what was left out of them */
export async function deliver(
  document: Analysis | Allocation,
  text: string,
  analysis: Analysis | undefined,
  options: DeliveryOptions,
  io: Io,
): Promise<ExitCode> {
  const { output, json } = options;
  const { stdout, stderr } = io;
  const formatted = formatDocument(document);
  if (output !== undefined) await writeFileAtomic(output, formatted);
  stdout.write(json ? formatted : text);
  if (analysis) stderr.write(omissions(analysis));
  if (output !== undefined) stderr.write(`wrote ${output}\n`);
  return analysis ? exitCodeOf(analysis, options, io) : exitCodes.done;
}

/** Names the thresholds that were crossed, which outweigh failed matrices. */
export function exitCodeOf(
  analysis: Analysis,
  { failOn = [] }: GateOptions,
  { stderr }: Io,
): ExitCode {
  if (reportCrossings(analysis, failOn, stderr)) return exitCodes.crossed;
  return failedRows(analysis).length > 0 ? exitCodes.partial : exitCodes.done;
}
