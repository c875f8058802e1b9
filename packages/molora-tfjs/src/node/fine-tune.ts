/**
 * A whole training run in one call: a model in a folder learns a task with the experts that an
 * allocation gives it, or with a gate over trained ones, and the folder of the run gets the adapter,
 * the metrics and what resuming needs. The pieces are `adapterSpec`, `adaptedModel`, `train` and
 * `openRunFolder`, for runs of another shape.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import * as tf from '@tensorflow/tfjs';
import type { AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import { excessRankNote } from '../adapters/excess-rank.js';
import type { AdapterBase } from '../adapters/files.js';
import { adapterFiles } from '../adapters/write.js';
import { type AdaptedModel, adaptedModel } from '../decoder/adapted-model.js';
import {
  type LanguageModel,
  type SequencesOptions,
  sequencesOf,
} from '../decoder/language-model.js';
import { frozenRouterNote } from '../experts/frozen-routers.js';
import { createRouterLoss, type RouterLossRequest } from '../experts/losses/index.js';
import { parameterCount } from '../experts/parameters.js';
import { trimRanks } from '../experts/trim-ranks.js';
import {
  type AdapterPlan,
  adapterPlan,
  checkPlan,
  type NewExperts,
  plannedRouter,
  type TrainedBefore,
  type TrainedExperts,
} from '../training/adapter-plan.js';
import type { StepReport } from '../training/callbacks.js';
import { chanceWarning } from '../training/chance.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import type { TokenSequence } from '../training/sequences.js';
import {
  type TrainingOptions,
  type TrainingSettings,
  trainingSettings,
} from '../training/settings.js';
import { train } from '../training/train.js';
import { checkEventFolder, type EventFolder, openEventFolder } from './event-folder.js';
import {
  type LocateOptions,
  languageModel,
  located,
  type OpenedLanguageModel,
  openLanguageModel,
} from './load.js';
import { loadAdapter } from './load-adapter.js';
import {
  checkMemory,
  largestMicroBatch,
  type MemoryRequest,
  memoryLimit,
  withMemoryErrors,
} from './memory-check.js';
import { checkResumedAdapter } from './resumed-adapter.js';
import { openRunFolder, type RunFolder } from './run-folder.js';
import { type TrainingData, type TrainingDataOptions, trainingData } from './training-data.js';

interface FineTuneBasics extends TrainingDataOptions, SequencesOptions, LocateOptions {
  /** @default `top-k` for new experts, `mole` over trained ones, without options */
  router?: Partial<AdapterSpec['router']>;
  /** Auxiliary loss of the routers. @default none */
  routerLoss?: RouterLossRequest;
  /** How long and how to train; its seed is that of the new tensors too. @default one epoch, see `trainingSettings` */
  training?: TrainingOptions;
  /** Chooses the micro-batch size by the memory that there is, in place of that of `training`. @default false */
  fitMemory?: boolean;
  /** Less memory, a quarter to two fifths more time. @default false */
  recompute?: boolean;
  /** Folder of the run: see `openRunFolder`. */
  output: string;
  /** Goes on from the checkpoint in the folder, or begins where there is none. @default false */
  resume?: boolean;
  /** Steps between checkpoints. @default 100 */
  checkpointEvery?: number;
  /** Folder for the metrics as events for TensorBoard, of this run alone. @default none */
  tensorboard?: string;
  /** Ends the run after the current step, with a checkpoint; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Before the first step, with how many were done before and how many there will be in all. */
  onStart?: (start: { done: number; steps: number }) => void;
  onStep?: (report: StepReport) => void;
  /** What people should know of the model's files and of the data, in a sentence. */
  onNote?: (note: string) => void;
}

/** New experts by an `allocation`, trained ones by the folders of their adapters, `experts`, or one adapter to train on, `from`. */
export type FineTuneOptions = FineTuneBasics &
  (NewExperts | TrainedExperts<string> | TrainedBefore<string>);

export interface FineTuned {
  /** Steps of the whole run. */
  readonly steps: number;
  /** Examples that were trained on. */
  readonly examples: number;
  /** Parameters that learn. */
  readonly trainable: number;
  /** Losses of the first and the last step in metrics.jsonl; absent when no step was left to take. */
  readonly firstLoss?: number;
  readonly lastLoss?: number;
  /** For people, when the loss at the end is no lower than at chance. */
  readonly warning?: string;
}

/**
 * Trains into the folder `output` on the current backend of TensorFlow.js. What is wrong with the
 * options is told before anything is written. A run that was ended goes on with the same options and
 * `resume`, with the same losses bit for bit on the same backend.
 *
 *     const { lastLoss } = await fineTune({
 *       ...{ model: 'model', allocation, output: 'adapter' },
 *       ...{ task: 'boolq', data: 'data/boolq' },
 *       training: { steps: 500, batchSize: 16 },
 *     });
 *
 * @throws AlphaLoraError `INVALID_OPTION` where the options do not go together, the data has nothing to
 *   learn, or the folder holds another run; see also `loadModel`, `readTaskData`, `adapterSpec`,
 *   `combineAdapters` and `train`
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const { routerLoss, onNote } = options;
  checkExperts(options);
  checkPlan(options);
  const router =
    options.from === undefined
      ? plannedRouter(options.router ?? {}, options.experts ? 'trained' : 'new')
      : undefined;
  if (options.tensorboard !== undefined) {
    await checkEventFolder(options.tensorboard, options.resume === true);
  }
  // A wrong name is told before anything is read.
  if (routerLoss) createRouterLoss(routerLoss);
  const training = options.training ?? { epochs: 1 };
  const { seed } = trainingSettings(training, 1_000_000);
  const data = await trainingData(options, seed);
  const place = await located(options);
  const opened = await openLanguageModel(place.path, { onNote });
  const { model, plan, ...learned } = await prepare(options, opened, {
    ...data,
    ...{ router, training, seed },
  }).finally(opened.close);
  try {
    const excess = options.allocation === undefined ? undefined : excessRankNote(plan.initial.spec);
    if (excess !== undefined) onNote?.(excess);
    const frozen = frozenRouterNote(plan.initial.spec, routerLoss);
    if (frozen !== undefined) onNote?.(frozen);
    const adapted = adaptedModel(model.decoder, plan.initial, {
      ...(options.recompute && { recompute: true }),
      ...(plan.dynamic && { router: plan.dynamic.router }),
      ...defined({ routerLoss }),
    });
    try {
      const base = await baseOf(place.source);
      return await withMemoryErrors(() => run(options, { model, base, plan, adapted, ...learned }));
    } finally {
      adapted.dispose();
    }
  } finally {
    model.decoder.dispose();
  }
}

interface Request extends TrainingData {
  router: AdapterSpec['router'] | undefined;
  training: TrainingOptions;
  seed: number;
}

/** Reads the weights last: what does not fit, or not into memory, is found before. */
async function prepare(
  options: FineTuneOptions,
  opened: OpenedLanguageModel,
  { examples, validation, router, training, seed }: Request,
): Promise<Omit<Prepared, 'base' | 'adapted'>> {
  const { onNote } = options;
  const plan = await planOf(options, opened.weights, router, seed);
  const { sequences, note } = sequencesOf(opened, examples, options);
  if (note !== undefined) onNote?.(note);
  const validated = validation && sequencesOf(opened, validation, options).sequences;
  const given = trainingSettings(training, sequences.length);
  const backend = tf.getBackend();
  const request: MemoryRequest = {
    ...{ config: opened.config, spec: plan.initial.spec, recompute: options.recompute === true },
    lengths: sequences.map(({ ids }) => ids.length),
    ...{ backend, limit: memoryLimit(backend) },
  };
  const settings = options.fitMemory
    ? { ...given, microBatchSize: largestMicroBatch(given.batchSize, request) }
    : given;
  if (options.fitMemory) {
    const { batchSize, microBatchSize } = settings;
    onNote?.(`${microBatchSize} of the ${batchSize} examples of a step are in memory at once`);
  }
  checkMemory(settings, request);
  return { plan, sequences, validated, settings, model: await languageModel(opened) };
}

/** As PEFT names models: those on the hub without their scheme, at their revision. */
async function baseOf(source: string): Promise<AdapterBase> {
  if (!source.startsWith('hf://')) return { base: source };
  const { parseHubReference } = await import('@alphalora/checkpoint/hub');
  const { repository, revision, subfolder } = parseHubReference(source);
  return subfolder === '' ? { base: repository, revision } : { base: source };
}

/** TypeScript tells as much by the types, but for the router. */
function checkExperts({ allocation, experts, from, router }: FineTuneOptions): void {
  if ([allocation, experts, from].filter((given) => given !== undefined).length !== 1) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'give one of: an allocation with what new experts get; experts, the folders of trained ones; from, the folder of an adapter to train on',
    );
  }
  const routed = router?.name !== undefined || Object.keys(router?.options ?? {}).length > 0;
  if (from === undefined || !routed) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'an adapter that is trained on keeps its own router: leave the router out',
  );
}

/** @param router of what is new; an adapter that is trained on has its own */
async function planOf(
  options: FineTuneOptions,
  weights: readonly WeightDescription[],
  router: AdapterSpec['router'] | undefined,
  seed: number,
): Promise<AdapterPlan> {
  if (options.from !== undefined) {
    const { state } = await loaded(options.from);
    return adapterPlan({ ...options, from: state }, [], state.spec.router, seed);
  }
  if (!options.experts) return adapterPlan(options, weights, router!, seed);
  const experts: AdapterState[] = [];
  for (const folder of options.experts) experts.push((await loaded(folder)).state);
  return adapterPlan({ experts }, [], router!, seed);

  async function loaded(folder: string) {
    const stored = await loadAdapter(folder);
    for (const note of stored.notes ?? []) options.onNote?.(note);
    return stored;
  }
}

interface Prepared {
  model: LanguageModel;
  base: AdapterBase;
  sequences: readonly TokenSequence[];
  validated: readonly TokenSequence[] | undefined;
  plan: AdapterPlan;
  adapted: AdaptedModel;
  settings: TrainingSettings;
}

/** What is prepared, into the folder. */
async function run(options: FineTuneOptions, prepared: Prepared): Promise<FineTuned> {
  const { output, resume = false } = options;
  const { plan, sequences, settings, model } = prepared;
  const folder = await openRunFolder(output, { resume });
  try {
    if (folder.state) await checkResumedAdapter(output, plan.initial);
    const events = await eventsOf(options, folder.recorded, prepared);
    const reports = await trainInto({ folder, events }, options, prepared).finally(() =>
      events?.close(),
    );
    const all = [...folder.recorded, ...reports];
    return {
      steps: settings.steps,
      examples: sequences.length,
      trainable: parameterCount(plan.initial.spec),
      ...defined({
        ...(reports.length > 0 && { firstLoss: all[0]!.loss, lastLoss: all.at(-1)!.loss }),
        warning: chanceWarning(all, model.decoder.config.vocabularySize),
      }),
    };
  } finally {
    await folder.close();
  }
}

/** Where they are asked for, with what the run is made of as a text. */
async function eventsOf(
  { tensorboard, model, task, data, output }: FineTuneOptions,
  recorded: RunFolder['recorded'],
  { settings, sequences, plan }: Prepared,
): Promise<EventFolder | undefined> {
  if (tensorboard === undefined) return undefined;
  const rows = {
    ...{ model, task: typeof task === 'string' ? task : task.name, data, output },
    ...{ examples: sequences.length, trainable: parameterCount(plan.initial.spec), ...settings },
  };
  const cell = (value: unknown): string => String(value).replace(/[\\|`]/g, '\\$&');
  const lines = Object.entries(rows).map(([name, value]) => `| ${name} | ${cell(value)} |`);
  const text = ['| setting | |', '| --- | --- |', ...lines].join('\n');
  return openEventFolder(tensorboard, { recorded, settings: text });
}

/** @returns what the steps that were left to do report */
async function trainInto(
  { folder, events }: { folder: RunFolder; events: EventFolder | undefined },
  { checkpointEvery = 100, evaluateEvery, signal, onStart, onStep }: FineTuneOptions,
  { base, adapted, sequences, validated, plan, settings }: Prepared,
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  const files = async () => {
    const state = await adapted.state();
    const trained = plan.dynamic ? trimRanks(state, plan.dynamic.ranks()) : state;
    return adapterFiles(trained, base);
  };
  await train({
    ...{ model: adapted.trainable, sequences, settings },
    ...defined({ signal, resume: folder.state }),
    callbacks: [
      ...(plan.dynamic ? [plan.dynamic.callback] : []),
      {
        name: 'record',
        // After what is resumed was found to be the same run.
        onStart: ({ step, steps }) => onStart?.({ done: step, steps }),
        async onStep(report) {
          reports.push(report);
          await folder.record(report);
          await events?.record(report);
          onStep?.(report);
        },
      },
    ],
    ...(validated && {
      evaluation: {
        every: evaluateEvery!,
        measure: async () => {
          const { loss } = await evaluateLoss({
            ...{ model: adapted.trainable, sequences: validated },
            batchSize: settings.microBatchSize,
            ...defined({ signal }),
          });
          return { loss };
        },
      },
    }),
    checkpoints: {
      every: checkpointEvery,
      save: async (state) => folder.save(state, await files()),
    },
  });
  return reports;
}
