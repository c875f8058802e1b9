/** `alphalora report`: one HTML page from an analysis, an allocation and a training run. */
import { AlphaLoraError, type TrainingStep } from '@alphalora/contracts';
import { analysisFor, parseTrainingStep } from '@alphalora/documents';
import { readDocument } from '../../files/documents.js';
import { inputName, readText } from '../../files/read.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeReport } from '../../output/report.js';
import type { ReportOptions } from './command.js';

export async function run(
  analysisFile: string,
  allocationFile: string | undefined,
  { output, metrics }: ReportOptions,
  io: Io,
): Promise<ExitCode> {
  const whole = await readDocument(analysisFile, 'analysis', io);
  const allocation =
    allocationFile === undefined ? undefined : await readDocument(allocationFile, 'allocation', io);
  const analysis = allocation ? analysisFor(whole, allocation) : whole;
  if (allocation && allocation.blocks.length !== analysis.blocks.length) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${allocationFile} is about ${allocation.blocks.length} blocks and ${analysisFile} about ` +
        `${analysis.blocks.length}: they belong to different models`,
    );
  }
  const training = metrics === undefined ? undefined : await readMetrics(metrics, io);
  await writeReport(
    output,
    { analysis, ...(allocation && { allocation }), ...(training && { training }) },
    io,
  );
  return exitCodes.done;
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` naming the line that is no step of a run */
async function readMetrics(path: string, io: Io): Promise<TrainingStep[]> {
  const lines = (await readText(path, io)).split('\n');
  const file = inputName(path);
  // A run that is going on, or was killed, may have begun a line.
  const whole = lines.slice(0, -1);
  if (whole.length === 0) {
    throw new AlphaLoraError('INVALID_DOCUMENT', `${file} holds no step of a training run`);
  }
  return whole.map((line, i) => parseTrainingStep(jsonOrText(line), `${file}, line ${i + 1},`));
}

/** What is not JSON is not a step either. */
function jsonOrText(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
