/** The analysis of a whole model: what the command line writes, and every program that asks for it here. */
import { AlphaLoraError, type Analysis, defined, type MatrixRow } from '@alphalora/contracts';
import { analysisOfStack, chosenStack, type StackNames } from '@alphalora/documents';
import { type AnalysisProgress, analyzeWith, type SpectralUnit } from '@alphalora/htsr-core';
import { createTracker, type Tracker } from './forecast/progress.js';
import type { ModelProgress } from './model-progress.js';
import { type ModelOptions, type OpenedModel, openModel, receivedBytes } from './models/open.js';
import { fileStates, requireUnchanged } from './models/state.js';
import { withModelDigest } from './pipeline/identity.js';
import { type Measured, measurableUnits } from './pipeline/measurer.js';
import {
  createPipeline,
  limitsOf,
  type Pipeline,
  sampledUnit,
  type Work,
} from './pipeline/pipeline.js';
import { keepDigests } from './pipeline/record.js';
import { rehearsal } from './pipeline/rehearsal.js';
import { type MeasuringOptions, type Plan, planned, selectionOf } from './plan.js';
import { type Preparation, prepare } from './preparation.js';
import { stacksOf } from './selection.js';
import { openSpectraFolder, type SpectraFolder } from './spectra/folder.js';
import { tool } from './version.js';

export interface AnalyzeModelOptions extends MeasuringOptions, ModelOptions {
  /** What the document calls the model. @default its path, or its name with the commit */
  source?: string;
  /** Folder where spectra are kept for resumed and repeated runs; absent: none are kept, none used. */
  cache?: string;
  /** Matrices at once. @default the number of processors */
  jobs?: number;
  /** Bytes that the matrices in flight may take together. @default 80 % of the machine's memory */
  maxMemory?: number;
  /**
   * Folder to write the eigenvalues of every measured matrix into: a `.npy` of float64 each, and an index
   * of type `SpectraIndex`, `spectra.json`. Nothing there is replaced but what an earlier run on the same
   * model wrote.
   */
  spectra?: string;
  /**
   * Gives every matrix the same made-up numbers and reads no weights, to see before an hour of measuring which
   * layers there will be. Not for keeping.
   */
  rehearse?: boolean;
  /** Has the matrices measured elsewhere than in threads of this process. */
  pipeline?: (work: Work, model: OpenedModel) => Promise<Pipeline>;
  /**
   * Done first by every thread that measures, this one too; more than once where models follow each
   * other. There a program adds engines, estimators, metrics, ... of its own.
   *
   *     // own.mjs: export default () => estimators.add('moments', () => moments)
   *     analyzeModel(model, { estimator: 'moments', preparation: { module: import.meta.resolve('./own.mjs') } })
   */
  preparation?: Preparation;
  onProgress?: (progress: ModelProgress) => void;
  /** Is told why spectra could not be kept: the analysis goes on, but would start anew. */
  onNotKept?: (why: string) => void;
}

/**
 * Measures a model in worker threads.
 *
 * @param model a .safetensors or .gguf file, a folder, `hf://org/name[@revision][/subfolder]` or an https://
 *   address; or a model that is open, and stays so: options of its opening say nothing then
 * @returns the finished document; of a shard, its part
 * @throws the signal's reason when aborted; AlphaLoraError as `openModel` and `analyzeWith` do,
 *   `IO_FAILED` when a file was written to meanwhile, and `INVALID_OPTION` for `spectra` with a `pipeline`
 *   or in a folder that has other files of the same names
 */
export async function analyzeModel(
  model: string | OpenedModel,
  options: AnalyzeModelOptions = {},
): Promise<Analysis> {
  await prepare(options.preparation);
  if (typeof model !== 'string') return analyzeOpened(model, options);
  const opened = await openModel(model, options);
  try {
    return await analyzeOpened(opened, options);
  } finally {
    await opened.close();
  }
}

async function analyzeOpened(model: OpenedModel, options: AnalyzeModelOptions): Promise<Analysis> {
  const { checkpoint } = model;
  const { signal, cache: cacheFolder, onNotice, onNotKept } = options;
  const writer = tool();
  const states = await fileStates(checkpoint);
  const plan = await planned(model, options, {
    ...{ version: writer.version, cacheFolder },
    everywhere: options.pipeline !== undefined,
  });
  const source = options.source ?? checkpoint.source;
  const left = unmatched(model, source);
  if (left !== undefined) onNotice?.(left);

  const seen = new Observations();
  const { units, settings } = plan;
  const spectra = await spectraFolderFor(model, plan, source, options);
  const work: Work = {
    units,
    settings: {
      ...settings,
      ...defined({ preparation: options.preparation, eigenvalues: spectra && true }),
    },
    onMeasured: (...measured) => seen.add(...measured),
  };
  const pipeline = await pipelineFor(work, model, options);
  try {
    const tracker =
      options.onProgress &&
      (await createTracker(
        units,
        { ...settings, ...defined({ build: pipeline.build }) },
        { lanes: pipeline.concurrency, isHere: options.pipeline === undefined },
      ));
    seen.tracker = tracker;
    const { architecture, base, blocks, noBlocks } = checkpoint;
    const names = stacksOf(checkpoint);
    const [stack, ...more] = names.main;
    const isNamed = more.length === 0 && names.others.length > 0;
    const adapter = checkpoint.adapter?.source;
    const analysis = await analyzeWith(checkpoint.tensors, {
      tool: writer,
      ...plan.scoring,
      select: selectionOf(plan),
      model: {
        source,
        ...defined({ architecture, adapter, base, noBlocks, stack: isNamed ? stack : undefined }),
        blocks,
      },
      stacks: checkpoint.stacks.filter(({ main }) => !main),
      async measure(unit, control) {
        const own = tracker ? tracker.control(unit, control) : control;
        const measurement = await pipeline.measure(unit, own);
        await spectra?.write(sampledUnit(unit, settings), seen.takeEigenvalues(unit));
        return measurement;
      },
      concurrency: pipeline.concurrency,
      record: plan.record(pipeline.build),
      ...(signal && { signal }),
      ...(tracker && {
        work: tracker.work,
        onProgress: (progress: AnalysisProgress) => {
          const received = receivedBytes(model);
          options.onProgress!({ ...progress, ...tracker.report(progress), received });
        },
      }),
    });
    // A pipeline elsewhere reads other files than these, and checks each against its job.
    if (!options.pipeline) await requireUnchanged(checkpoint, states);
    if (seen.notKept !== undefined) onNotKept?.(seen.notKept);
    const document = finished(analysisOf(analysis, names, options.stack), plan, seen.digests);
    await spectra?.finish(document);
    return document;
  } finally {
    await pipeline.close();
    if (cacheFolder !== undefined) await keepDigests(cacheFolder, states, seen.digests);
  }
}

/** With the stack that was asked for as the main one. */
function analysisOf(analysis: Analysis, names: StackNames, text: string | undefined): Analysis {
  const name = text === undefined ? undefined : chosenStack(names, text);
  const isMain = names.main.length === 1 && names.main[0] === name;
  return name === undefined || isMain ? analysis : analysisOfStack(analysis, name);
}

/** What is noticed while matrices are measured, beside their numbers. */
class Observations {
  readonly digests = new Map<string, string>();
  tracker: Tracker | undefined;
  notKept: string | undefined;
  /** Those that have not been written yet. */
  readonly #eigenvalues = new Map<string, Float64Array>();

  add(unit: SpectralUnit, { digest, found, notKept, eigenvalues }: Measured): void {
    this.digests.set(unit.name, digest);
    if (eigenvalues) this.#eigenvalues.set(unit.name, eigenvalues);
    this.tracker?.found(unit, found);
    this.notKept ??= notKept;
  }

  takeEigenvalues({ name }: SpectralUnit): Float64Array {
    const eigenvalues = this.#eigenvalues.get(name)!;
    this.#eigenvalues.delete(name);
    return eigenvalues;
  }
}

async function spectraFolderFor(
  { checkpoint }: OpenedModel,
  { units, shard }: Plan,
  source: string,
  { spectra: folder, pipeline }: AnalyzeModelOptions,
): Promise<SpectraFolder | undefined> {
  if (folder === undefined) return undefined;
  if (pipeline) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'spectra are saved where they are computed: measure on this machine, or in shards',
    );
  }
  const all = measurableUnits(checkpoint.tensors);
  return openSpectraFolder({ folder, source, all, planned: units, shard });
}

function pipelineFor(
  work: Work,
  model: OpenedModel,
  options: AnalyzeModelOptions,
): Promise<Pipeline> {
  if (options.rehearse) return rehearsal(work);
  if (options.pipeline) return options.pipeline(work, model);
  return createPipeline({ ...work, ...limitsOf(options) });
}

/** The document with what is known of the values: digests, and who measures the other matrices. */
function finished(
  analysis: Analysis,
  { elsewhere, shard, notes }: Plan,
  digests: ReadonlyMap<string, string>,
): Analysis {
  const matrices = analysis.matrices.map((row): MatrixRow => {
    const other = elsewhere(row.name);
    const digest = digests.get(row.name);
    return { ...row, ...(digest && { digest }), ...(other && { shard: other }) };
  });
  const document = { ...analysis, ...(notes.length > 0 && { notes: [...notes] }), matrices };
  return shard ? { ...document, shard } : withModelDigest(document);
}

/** A warning about modules of the adapter that the model does not have. */
function unmatched({ checkpoint }: OpenedModel, source: string): string | undefined {
  const { source: adapter, unmatched: left = [] } = checkpoint.adapter ?? {};
  if (left.length === 0) return undefined;
  const some = left.slice(0, 3).join(', ') + (left.length > 3 ? ', ...' : '');
  return `warning: ${left.length} modules of ${adapter} are not in ${source}: ${some}`;
}
