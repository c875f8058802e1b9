/** `alphalora report`: one HTML page from an analysis, and an allocation if there is one. */
import { type Allocation, AlphaLoraError, type Analysis } from '@alphalora/contracts';
import { readDocument } from '../documents.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';

export async function report(
  analysisFile: string,
  allocationFile: string | undefined,
  { output }: { output: string },
  io: Io,
): Promise<ExitCode> {
  const analysis = await readDocument(analysisFile, 'analysis');
  const allocation =
    allocationFile === undefined ? undefined : await readDocument(allocationFile, 'allocation');
  if (allocation && allocation.blocks.length !== analysis.blocks.length) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${allocationFile} is about ${allocation.blocks.length} blocks and ${analysisFile} about ` +
        `${analysis.blocks.length}: they belong to different models`,
    );
  }
  await writeReport(output, { analysis, ...(allocation && { allocation }) }, io);
  return exitCodes.done;
}

/** Writes the page and says where it is. */
export async function writeReport(
  file: string,
  documents: { analysis: Analysis; allocation?: Allocation },
  { stderr }: Io,
): Promise<void> {
  const { renderReport } = await import('@alphalora/report');
  await writeFileAtomic(file, renderReport(documents));
  stderr.write(`wrote ${file}\n`);
}
