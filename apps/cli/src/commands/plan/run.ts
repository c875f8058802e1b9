/** `alphalora plan`: analysis, allocation and report of a model in one go. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Score } from '@alphalora/allocator';
import type { Checkpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { budgetText, formatDocument } from '@alphalora/documents';
import { exporterFor } from '@alphalora/exporters';
import type { OpenedModel } from '@alphalora/measuring';
import { allocationText } from '@alphalora/report/text';
import * as v from 'valibot';
import {
  type Allocator,
  chosenAllocator,
  givenScores,
  measuringFor,
  tellFewExperts,
  tellUnfollowed,
} from '../../allocating/allocate.js';
import { budgetFor, layersIn } from '../../allocating/budget.js';
import { requireFolder, writeOutput } from '../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { forecast, measure, rehearsed } from '../../measuring/measure.js';
import { withModel } from '../../measuring/model.js';
import { requirePublished } from '../../options/published.js';
import { exitCodeOf } from '../../output/deliver.js';
import { exportsIn, writeExports } from '../../output/exports.js';
import { forecastText } from '../../output/forecast.js';
import { omissions, remarks } from '../../output/notes.js';
import { printable, tell } from '../../output/printable.js';
import { writeReport } from '../../output/report.js';
import { writeResult } from '../../output/result.js';
import { pluginsOf } from '../../plugins/index.js';
import type { PlanOptions } from './command.js';
import { nextSteps } from './next.js';

export async function run(
  model: string | undefined,
  options: PlanOptions,
  io: Io,
): Promise<ExitCode> {
  requirePublished(options);
  const { path, source } = chosenModel(model, options);
  requireFolder(options.output, 'plan');
  const { export: exported = [] } = options;
  const scores = await givenScores(options, io);
  const given = scores && { scores };
  const planned = async (opened: OpenedModel, allocator: Allocator): Promise<ExitCode> => {
    const settings = measuringFor(options, allocator);
    // A wrong option costs no hour of measuring.
    await allocator.verify({ analysis: await rehearsed(opened, settings, io), ...given });
    const analysis = await measure(opened, settings, io, { source });
    const analysisFile = join(options.output, 'analysis.json');
    // The analysis is the expensive part: it is kept even if the budget turns out infeasible.
    await writeOutput(analysisFile, formatDocument(analysis), io);
    tell(io.stderr, `wrote ${analysisFile}`);
    await clearFormer(options.output, exported, io);
    io.stderr.write(omissions(analysis, allocator));
    const evidence = { analysis, ...given };
    const allocation = await allocator.allocate(evidence);
    tellUnfollowed(allocator, options, io);
    tellFewExperts(allocation, options, io);
    const allocationFile = join(options.output, 'allocation.json');
    await writeOutput(allocationFile, formatDocument(allocation), io);
    tell(io.stderr, `wrote ${allocationFile}`);
    io.stderr.write(remarks(allocation, analysis));
    const report = join(options.output, 'report.html');
    await writeReport(report, { analysis, allocation }, io);
    const written = await writeExports(allocation, exported, options.output, io);
    const planted = plantedAlphas(opened.checkpoint);
    const judged = scores ? 'score' : 'alpha';
    const places = [...written].map(([format, { place }]) => [format, place] as const);
    const files = [...written.values()].flatMap((each) => each.files);
    const all = [analysisFile, allocationFile, report, ...files];
    writeResult(io.stdout, options, { analysis, allocation, written: all }, () =>
      allocationText(allocation, io.stdout, planted, judged),
    );
    const next = {
      ...{ model: model ?? path, allocation, exported: new Map(places) },
      files: { allocation: allocationFile, report },
    };
    if (!options.json) io.stderr.write(await nextSteps(next));
    return exitCodeOf(analysis, options.failOn, io);
  };
  const allocator = await chosenAllocator(pluginsOf(io), options);
  // Before an hour of measuring.
  const { unit } = allocator;
  budgetFor({ ...options, ...allocator }, 1);
  for (const format of exported) await exporterFor(format, { kind: 'allocation', unit });
  return withModel(path, options, io, (opened) =>
    options.dryRun ? previewed(opened, allocator, options, io, given) : planned(opened, allocator),
  );
}

/**
 * An earlier plan in the folder is of another analysis now: its allocation and page go, and its exports are
 * named, which other programs may be reading.
 */
async function clearFormer(folder: string, exported: readonly string[], io: Io): Promise<void> {
  for (const file of ['allocation.json', 'report.html'])
    await rm(join(folder, file), { force: true });
  for (const [name, path] of await exportsIn(folder)) {
    if (exported.includes(name)) continue;
    tell(io.stderr, `note: ${path} is of an earlier plan: --export ${name} writes it anew`);
  }
}

/** What a plan would take and allocate, as far as that is known before anything is measured. */
async function previewed(
  opened: OpenedModel,
  allocator: Allocator,
  options: PlanOptions,
  io: Io,
  given: { scores: readonly Score[] } | undefined,
): Promise<ExitCode> {
  const { policy, unit, per } = allocator;
  const settings = measuringFor(options, allocator);
  await allocator.verify({ analysis: await rehearsed(opened, settings, io), ...given });
  const analysis = await forecast(opened, settings, io);
  const layers = layersIn(analysis.matrices, { ...options, per });
  const budget = budgetFor({ ...options, unit, per }, layers.projections ?? layers.blocks);
  const found = { analysis, allocation: { policy, ...budget, ...layers } };
  writeResult(
    io.stdout,
    options,
    found,
    () =>
      `${forecastText(analysis)}then allocates ${budgetText(budget, layers)} by ${printable(policy)}, ` +
      `and writes analysis.json, allocation.json and report.html into ${printable(options.output)}\n`,
  );
  return exitCodes.done;
}

/** The demo model is copied beside the program when it is built. */
const demoModel = fileURLToPath(new URL('../../demo', import.meta.url));

function chosenModel(
  model: string | undefined,
  { demo }: PlanOptions,
): { path: string; source?: string } {
  if (demo && model === undefined) return { path: demoModel, source: 'demo' };
  if (model !== undefined && !demo) return { path: model };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    model === undefined
      ? 'name a model, or use --demo for the demo model'
      : 'give a model or --demo, not both',
  );
}

const plantedSchema = v.pipe(v.string(), v.parseJson(), v.array(v.number()));

/** The exponents that a synthetic model was made with, from the metadata of its weights. */
function plantedAlphas({ metadata }: Checkpoint): number[] | undefined {
  const found = v.safeParse(plantedSchema, metadata['planted_alpha']);
  return found.success ? found.output : undefined;
}
