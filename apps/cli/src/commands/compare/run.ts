/** `alphalora compare`: documents, models, the checkpoints of a model, or policies side by side. */

import { AlphaLoraError, type Analysis } from '@alphalora/contracts';
import {
  type AllocationComparison,
  type AnalysisComparison,
  compareAllocations,
  compareAnalyses,
} from '@alphalora/documents/comparison';
import { allocationComparisonText, analysisComparisonText } from '@alphalora/report/text';
import { ofStack } from '../../allocating/allocate.js';
import { readAnyDocument } from '../../files/documents.js';
import { isDocument } from '../../files/stream-name.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tellDiffering } from '../../output/differing-options.js';
import { writeResult } from '../../output/result.js';
import type { CompareOptions } from './command.js';
import { compareModels } from './models.js';
import { comparePoliciesCommand } from './policies.js';
import { compareSeriesCommand } from './series.js';

export async function run(
  files: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<ExitCode> {
  const { policies, series } = options;
  if (series) return compareSeriesCommand(files, options, io);
  if (policies !== undefined) return comparePoliciesCommand(files, policies, options, io);
  if (options.scores) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      '--scores needs policies that take them: --policies',
    );
  }
  const [fileA, fileB, ...more] = files;
  if (fileA === undefined || fileB === undefined || more.length > 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'compare takes two documents, two models, or analyses of one model and --series or --policies a,b,c',
    );
  }
  const [model, document] = isDocument(fileA) ? [fileB, fileA] : [fileA, fileB];
  if (isDocument(model)) return compareDocuments(fileA, fileB, options, io);
  if (!isDocument(document)) return compareModels(fileA, fileB, options, io);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${document} is a document and ${model} a model: give two models, or analyze the model first`,
  );
}

async function compareDocuments(
  fileA: string,
  fileB: string,
  options: CompareOptions,
  io: Io,
): Promise<ExitCode> {
  const { stdout, stderr } = io;
  const { top } = options;
  const [a, b] = [await readAnyDocument(fileA, io), await readAnyDocument(fileB, io)];
  const files = [fileA, fileB] as const;
  let comparison: AnalysisComparison | AllocationComparison;
  let text: string;
  if (a.kind === 'analysis' && b.kind === 'analysis') {
    requireWhole(a, fileA);
    requireWhole(b, fileB);
    comparison = compareAnalyses(ofStack(a, options), ofStack(b, options));
    const differing = Object.entries(comparison.options);
    tellDiffering(
      Object.fromEntries(differing.map(([option, { a: one, b: two }]) => [option, [one, two]])),
      ['a', 'b'],
      stderr,
    );
    text = analysisComparisonText(comparison, { files, top });
  } else if (a.kind === 'allocation' && b.kind === 'allocation') {
    comparison = compareAllocations(a, b);
    text = allocationComparisonText(comparison, { files, top }, stdout);
  } else {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${fileA} is an ${a.kind} and ${fileB} an ${b.kind}: give two of the same kind`,
    );
  }
  writeResult(stdout, options, comparison, () => text);
  return exitCodes.done;
}

function requireWhole({ shard }: Analysis, file: string): void {
  if (!shard) return;
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    `${file} is one part of an analysis: join all parts with alphalora merge first`,
    { details: { file } },
  );
}
