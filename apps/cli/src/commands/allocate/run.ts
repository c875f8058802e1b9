/** `alphalora allocate`: from an analysis, a model or a file of scores to what each layer gets. */
import { AlphaLoraError, type Analysis, defined } from '@alphalora/contracts';
import { unpublished } from '@alphalora/documents/terms';
import { reaggregated } from '@alphalora/htsr-core';
import { allocationText } from '@alphalora/report/text';
import {
  type Allocator,
  chosenAllocator,
  type Evidence,
  givenScores,
  measuringFor,
  ofStack,
  tellFewExperts,
  tellUnfollowed,
} from '../../allocating/allocate.js';
import { readDocument } from '../../files/documents.js';
import { isDocument, isStreamName } from '../../files/stream-name.js';
import type { ExitCode, Io } from '../../io.js';
import { measure, rehearsed } from '../../measuring/measure.js';
import { withModel } from '../../measuring/model.js';
import { requirePublished } from '../../options/published.js';
import { deliver } from '../../output/deliver.js';
import { pluginsOf } from '../../plugins/index.js';
import type { AllocateOptions } from './command.js';

export async function run(
  source: string | undefined,
  options: AllocateOptions,
  io: Io,
): Promise<ExitCode> {
  const { output, json, failOn } = options;
  requirePublished(options);
  const model = source === undefined || isDocument(source) ? undefined : source;
  const allocator = await chosenAllocator(pluginsOf(io), options);
  const evidence = await evidenceFrom(source, measuringFor(options, allocator), io, allocator);
  const allocation = await allocator.allocate(evidence);
  tellUnfollowed(allocator, options, io);
  tellFewExperts(allocation, options, io);
  const judged = evidence.scores ? 'score' : 'alpha';
  const text = allocationText(allocation, io.stdout, undefined, judged);
  const behind = { analysis: evidence.analysis, fresh: model !== undefined };
  return deliver(allocation, text, behind, { output, json, failOn }, io);
}

async function evidenceFrom(
  source: string | undefined,
  options: AllocateOptions,
  io: Io,
  allocator: Allocator,
): Promise<Evidence> {
  const scores = await givenScores(options, io);
  if (source === undefined) {
    if (scores) return { scores };
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'name an analysis.json or a model, or give a file of scores by --scores',
    );
  }
  const { aggregate, cap } = options;
  const measured = isDocument(source)
    ? await readDocument(source, 'analysis', io)
    : await withModel(source, options, io, async (model) => {
        const expected = await rehearsed(model, options, io);
        await allocator.verify({ analysis: expected, ...(scores && { scores }) });
        return measure(model, options, io);
      });
  if (options.asPublished) requireMeasuredAsPublished(measured, source);
  const analysis = isDocument(source)
    ? ofStack(reaggregated(measured, defined({ aggregate, cap })), options)
    : measured;
  return { analysis, ...(scores && { scores }) };
}

function requireMeasuredAsPublished(analysis: Analysis, source: string): void {
  const differences = unpublished(analysis);
  if (differences.length === 0) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${source} was not measured as published (${differences.join(', ')}): run ` +
      `alphalora analyze ${analysis.model.source} --as-published -o ${isStreamName(source) ? 'analysis.json' : source}`,
  );
}
