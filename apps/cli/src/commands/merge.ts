/** `alphalora merge`: joins the parts that `analyze --shard` wrote on several machines. */
import { formatDocument, readDocument } from '../documents.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { analysisTable, failedRows } from '../output/analysis.js';
import { mergeParts } from '../pipeline/shards.js';
import { warnOfOmissions } from './measure.js';

export async function merge(
  files: string[],
  options: { output?: string; json?: boolean },
  io: Io,
): Promise<ExitCode> {
  const parts: Parameters<typeof mergeParts>[0][number][] = [];
  for (const file of files) parts.push({ file, analysis: await readDocument(file, 'analysis') });
  const analysis = mergeParts(parts);
  const document = formatDocument(analysis);
  if (options.output !== undefined) await writeFileAtomic(options.output, document);
  io.stdout.write(options.json ? document : analysisTable(analysis, io.stdout));
  warnOfOmissions(analysis, io);
  if (options.output !== undefined) io.stderr.write(`wrote ${options.output}\n`);
  return failedRows(analysis).length > 0 ? exitCodes.partial : exitCodes.done;
}
