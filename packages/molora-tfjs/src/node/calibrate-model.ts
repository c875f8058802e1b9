/**
 * Scores of a model's projections from a pass over data on disk: a run that can be interrupted after
 * every batch and resumed.
 */
import { rm } from 'node:fs/promises';
import { readTextIfPresent, writeFileAtomic } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined, type Scores, type ToolIdentity } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import { type BatchScores, type Calibrator, createCalibrator } from '../calibration/calibrate.js';
import {
  type CalibrationMeasure,
  calibrationMeasures,
  isForward,
} from '../calibration/measures.js';
import { scoreRows } from '../calibration/summary.js';
import { hasMixture } from '../decoder/config.js';
import {
  type LanguageModel,
  type SequencesOptions,
  sequencesOf,
} from '../decoder/language-model.js';
import { permutation } from '../ops/random.js';
import { chunks } from '../training/order.js';
import { fingerprint, type TokenSequence, tokenBatch } from '../training/sequences.js';
import { examplesOf, type TaskSource } from './data.js';
import { type LocateOptions, loadLanguageModel, located } from './load.js';
import { withMemoryErrors } from './memory-check.js';

export interface CalibrateModelOptions extends TaskSource, SequencesOptions, LocateOptions {
  /** @default all; without an `engine`, all but `explained-variance` */
  measures?: readonly CalibrationMeasure[];
  /** Which of them is the score. @default the first */
  measure?: CalibrationMeasure;
  /** Most batches to see. @default 8, as in FIM-LoRA */
  batches?: number;
  /** Examples of a batch. @default 8 */
  batchSize?: number;
  /** Of the LoRA of `fisher`, and of the components of `explained-variance`. @default 8 */
  rank?: number;
  /** Of the choice of the examples and of that LoRA. @default 0 */
  seed?: number;
  /** Finds the singular values of `explained-variance`. */
  engine?: SpectralEngine;
  /** Who writes the document. */
  tool: ToolIdentity;
  /** A file that keeps what was measured until all is, and is removed then. @default none */
  progressFile?: string;
  /** Continues with what is in that file, or begins where there is none. @default false */
  resume?: boolean;
  /** Ends the run after the current batch; the promise rejects with its reason. */
  signal?: AbortSignal;
  onBatch?: (report: { done: number; total: number }) => void;
  /** What people should know of the model's files and of the data, in a sentence. */
  onNote?: (note: string) => void;
}

/**
 * Measures on the current backend of TensorFlow.js, on examples of the train split drawn by the seed.
 *
 *     const scores = await calibrateModel({
 *       ...{ model: 'model', task: 'gsm8k', data: 'data/gsm8k' },
 *       ...{ measures: ['gradient', 'sensitivity'], tool: { name: 'mine', version: '1' } },
 *     });
 *
 * @returns a document that `allocate` takes in place of alphas
 * @throws AlphaLoraError `INVALID_OPTION` where options do not go together or the file holds another run,
 *   `ENGINE_FAILED` where a number is not finite or all gradients are zero; see also `loadModel` and
 *   `readTaskData`
 */
export async function calibrateModel(options: CalibrateModelOptions): Promise<Scores> {
  const { batchSize = 8, rank = 8, seed = 0, engine, signal, tool, onBatch, onNote } = options;
  const chosen = measuresOf(options);
  const { task, examples } = await examplesOf(options, 'train');
  const { path, source } = await located(options);
  const model = await loadLanguageModel(path, { onNote });
  // Experts of a mixture take each their own tokens: measures of inputs are left out where nobody asked for them.
  const measures =
    options.measures === undefined && hasMixture(model.decoder.config)
      ? chosen.filter((each) => !isForward(each) || each === options.measure)
      : chosen;
  if (measures.length < chosen.length) {
    const left = chosen.filter((each) => !measures.includes(each));
    onNote?.(`${left.join(' and ')} left out: in a mixture each expert takes its own tokens`);
  }
  const measure = options.measure ?? measures[0]!;
  let calibrator: Calibrator | undefined;
  try {
    const { sequences, note } = sequencesOf(
      { ...model, config: model.decoder.config },
      examples,
      options,
    );
    if (note !== undefined) onNote?.(note);
    const drawn = drawnFrom(sequences, (options.batches ?? 8) * batchSize, seed);
    const batches = chunks(drawn, batchSize);
    const run = { measures, rank, seed, batchSize, data: fingerprint(drawn), ...shapeOf(model) };
    const done = await earlierBatches(options, run);
    calibrator = await createCalibrator(model.decoder, {
      ...{ measures, rank, seed },
      ...defined({ engine, signal }),
    });
    onBatch?.({ done: done.length, total: batches.length });
    for (const batch of batches.slice(done.length)) {
      signal?.throwIfAborted();
      const measured = calibrator;
      done.push(await withMemoryErrors(() => measured.measure(tokenBatch(batch))));
      if (options.progressFile !== undefined) {
        await writeFileAtomic(options.progressFile, JSON.stringify({ run, batches: done }));
      }
      onBatch?.({ done: done.length, total: batches.length });
    }
    if (options.progressFile !== undefined) await rm(options.progressFile, { force: true });
    return {
      schemaVersion: 1,
      kind: 'scores',
      tool,
      model: { source },
      data: { task: task.name, examples: drawn.length, batches: batches.length },
      options: { rank, seed, batchSize, ...defined({ cutoff: options.cutoff }) },
      measure,
      scores: scoreRows(calibrator.projections, done, measure),
    };
  } finally {
    calibrator?.dispose();
    model.decoder.dispose();
  }
}

function measuresOf({ measures, measure, engine }: CalibrateModelOptions): CalibrationMeasure[] {
  const usual = calibrationMeasures.filter((each) => engine || each !== 'explained-variance');
  const chosen = calibrationMeasures.filter((each) => (measures ?? usual).includes(each));
  const unknown = (measures ?? []).find((each) => !calibrationMeasures.includes(each));
  if (unknown !== undefined || chosen.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${unknown === undefined ? 'no measure' : `unknown measure "${unknown}"`}: choose from ${calibrationMeasures.join(', ')}`,
    );
  }
  if (measure !== undefined && !chosen.includes(measure)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the score is to be ${measure}, which is not among the measures ${chosen.join(', ')}`,
    );
  }
  return chosen;
}

function drawnFrom(
  sequences: readonly TokenSequence[],
  count: number,
  seed: number,
): TokenSequence[] {
  const order = permutation(sequences.length, seededRandom(seed, 'calibration'));
  return order.slice(0, count).map((i) => sequences[i]!);
}

/** Tells models apart that are not to be joined in one run. */
function shapeOf({ decoder }: LanguageModel): object {
  const { modelType, hiddenSize, intermediateSize, vocabularySize } = decoder.config;
  const blocks = decoder.blocks.length;
  return { modelType, blocks, hiddenSize, intermediateSize, vocabularySize };
}

/** What an interrupted run has left. */
async function earlierBatches(
  { progressFile: file, resume = false }: CalibrateModelOptions,
  run: object,
): Promise<BatchScores[]> {
  if (file === undefined) return [];
  const text = await readTextIfPresent(file);
  if (text === undefined) return [];
  if (!resume) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${file} holds an interrupted run: resume it, or delete the file`,
      { details: { file } },
    );
  }
  let kept: { run?: unknown; batches?: unknown } = {};
  try {
    kept = Object(JSON.parse(text));
  } catch {}
  if (JSON.stringify(kept.run) !== JSON.stringify(run) || !Array.isArray(kept.batches)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${file} is of a run with another model, other data or other options: delete it to start anew`,
      { details: { file } },
    );
  }
  return kept.batches as BatchScores[];
}
