/** How a command ends: the document into its file, the result to stdout, what is missing to stderr. */
import type { Allocation, Analysis } from '@alphalora/contracts';
import { formatDocument, type Threshold } from '@alphalora/documents';
import { isStdout, writeOutput } from '../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { reportCrossings } from './crossings.js';
import { failedRows, omissions, remarks, shortcomings } from './notes.js';
import { tell } from './printable.js';

interface DeliveryOptions {
  /** File to write the document into; `-` is stdout. */
  output: string | undefined;
  /** Print the document instead of the text. */
  json: boolean | undefined;
  /** Thresholds that the analysis must not cross. */
  failOn: readonly Threshold[] | undefined;
}

/** The measurements behind a document, if any. */
interface Behind {
  analysis?: Analysis | undefined;
  /** Whether they were just made, so that nobody was told yet what was left out of them. */
  fresh: boolean;
}

export async function deliver(
  document: Analysis | Allocation,
  text: string,
  { analysis, fresh }: Behind,
  options: DeliveryOptions,
  io: Io,
): Promise<ExitCode> {
  const { output, json, failOn } = options;
  const { stdout, stderr } = io;
  const formatted = formatDocument(document);
  const toStdout = output !== undefined && isStdout(output);
  if (output !== undefined && !toStdout) await writeOutput(output, formatted, io);
  if (json || toStdout) stdout.write(formatted, 'data');
  else stdout.write(text);
  const judged = document.kind === 'allocation' ? document : undefined;
  if (analysis) stderr.write((fresh ? omissions : shortcomings)(analysis, judged));
  if (document.kind === 'allocation') stderr.write(remarks(document, analysis));
  if (output !== undefined && !toStdout) tell(stderr, `wrote ${output}`);
  return analysis ? exitCodeOf(analysis, failOn, io) : exitCodes.done;
}

/** Names the thresholds that were crossed, which outweigh failed matrices. */
export function exitCodeOf(
  analysis: Analysis,
  failOn: readonly Threshold[] = [],
  { stderr }: Io,
): ExitCode {
  if (reportCrossings(analysis, failOn, stderr)) return exitCodes.crossed;
  return failedRows(analysis).length > 0 ? exitCodes.partial : exitCodes.done;
}
