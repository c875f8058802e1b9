/** `alphalora report`: one HTML page from an analysis, an allocation, further scores and a training run. */
import { namedScore, scoreSources } from '@alphalora/allocator/comparison';
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  defined,
  type TrainingStep,
} from '@alphalora/contracts';
import { analysisFor, parseTrainingStep } from '@alphalora/documents';
import {
  type Checkpoint,
  otherSource,
  requireAlike,
  requireSameModel,
} from '@alphalora/documents/comparison';
import { type Order, orderedCheckpoints } from '../../files/checkpoints.js';
import { readAnyDocument, readDocument } from '../../files/documents.js';
import { inputName, readText } from '../../files/read.js';
import { readAllScores } from '../../files/scores.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import { writeReport } from '../../output/report.js';
import { requireOneResult, writeJson } from '../../output/result.js';
import type { ReportOptions } from './command.js';

export async function run(
  analysisFile: string,
  files: readonly string[],
  { output, json, metrics, scores, series, order }: ReportOptions,
  io: Io,
): Promise<ExitCode> {
  requireOneResult({ output, ...defined({ json }) });
  const read = await readDocuments(analysisFile, files, io);
  const { allocation } = read;
  const checkpoints = series ? checkpointsOf(read.analyses, order) : undefined;
  // The page of a series is about its last checkpoint.
  const last = checkpoints?.at(-1);
  const analyses = last ? [{ file: last.name, analysis: last.analysis }] : read.analyses;
  const source = allocation && otherSource(analyses[0]!.analysis, allocation);
  if (source !== undefined) {
    tell(io.stderr, `warning: ${source}: make sure that both are the same model`);
  }
  const training = metrics === undefined ? undefined : await readMetrics(metrics, io);
  const further = await readAllScores(scores ?? [], io);
  const several = analyses.length + further.length > 1;
  await writeReport(
    output,
    {
      analysis: analyses[0]!.analysis,
      ...(allocation && { allocation }),
      ...defined({ training, checkpoints }),
      ...(several && { scores: scoreSources({ analyses, scores: further }).map(namedScore) }),
    },
    io,
  );
  if (json) writeJson(io.stdout, { written: [output] });
  return exitCodes.done;
}

/** @throws AlphaLoraError `INVALID_OPTION` for a single one */
function checkpointsOf(
  analyses: ReadonlyArray<{ file: string; analysis: Analysis }>,
  order: Order,
): Checkpoint[] {
  if (analyses.length < 2) {
    throw new AlphaLoraError('INVALID_OPTION', '--series takes two or more analyses of a model');
  }
  return orderedCheckpoints(
    analyses.map(({ file, analysis }) => ({ name: inputName(file), analysis })),
    order,
  );
}

interface Given<Document> {
  file: string;
  document: Document;
}

/**
 * The analyses, of the stack that the allocation is for.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` for two allocations, and for documents of different models
 */
async function readDocuments(analysisFile: string, files: readonly string[], io: Io) {
  const analyses: Array<Given<Analysis>> = [
    { file: analysisFile, document: await readDocument(analysisFile, 'analysis', io) },
  ];
  const allocations: Array<Given<Allocation>> = [];
  for (const file of files) {
    const document = await readAnyDocument(file, io);
    if (document.kind === 'analysis') analyses.push({ file, document });
    else allocations.push({ file, document });
  }
  const [allocation, second] = allocations;
  if (allocation && second) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${allocation.file} and ${second.file} are both allocations: a page is about one`,
    );
  }
  const ofStack = analyses.map(({ file, document }) => ({
    file,
    analysis: allocation ? analysisFor(document, allocation.document) : document,
  }));
  const [{ analysis }, ...others] = ofStack as [(typeof ofStack)[0], ...typeof ofStack];
  const counts = [
    ...(allocation ? [{ file: allocation.file, blocks: allocation.document.blocks.length }] : []),
    ...others.map((other) => ({ file: other.file, blocks: other.analysis.blocks.length })),
  ];
  const odd = counts.find(({ blocks }) => blocks !== analysis.blocks.length);
  if (odd) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${odd.file} is about ${odd.blocks} blocks and ${analysisFile} about ` +
        `${analysis.blocks.length}: they belong to different models`,
    );
  }
  for (const other of others) {
    const told = requireAlike({ file: analysisFile, analysis }, other);
    if (told !== undefined) tell(io.stderr, `warning: ${told}`);
  }
  if (allocation) for (const each of ofStack) requireSameModel(each.analysis, allocation.document);
  return { analyses: ofStack, allocation: allocation?.document };
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
