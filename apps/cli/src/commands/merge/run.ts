/** `alphalora merge`: joins the parts that `analyze --shard` wrote on several machines. */
import { type Part, parseAnalysis } from '@alphalora/documents';
import { mergeParts } from '@alphalora/measuring';
import { analysisText } from '@alphalora/report/text';
import { readDocument } from '../../files/documents.js';
import type { ExitCode, Io } from '../../io.js';
import { deliver } from '../../output/deliver.js';
import type { MergeOptions } from './command.js';

export async function run(
  files: string[],
  { output, json }: MergeOptions,
  io: Io,
): Promise<ExitCode> {
  const parts: Part[] = [];
  for (const file of files)
    parts.push({ file, analysis: await readDocument(file, 'analysis', io) });
  const analysis = mergeParts(parts);
  // Numbers that are in range one by one may overflow in a block's.
  parseAnalysis(analysis, 'the joined analysis');
  const text = analysisText(analysis, io.stdout);
  return deliver(analysis, text, { analysis, fresh: true }, { output, json, failOn: [] }, io);
}
