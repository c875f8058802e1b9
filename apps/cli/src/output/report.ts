/** The page about documents, in its file. */
import { type ReportDocuments, renderReport } from '@alphalora/report';
import { isStdout, writeOutput } from '../files/write.js';
import type { Io } from '../io.js';
import { tell } from './printable.js';

/** Writes the page, to stdout where the file is `-`, and says where it is. */
export async function writeReport(file: string, documents: ReportDocuments, io: Io): Promise<void> {
  await writeOutput(file, renderReport(documents), io);
  if (!isStdout(file)) tell(io.stderr, `wrote ${file}`);
}
