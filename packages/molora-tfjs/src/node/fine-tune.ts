/**
 * A whole training run in one call: a model in a folder learns a task with the experts that an
 * allocation gives it, or with a gate over trained ones, and the folder of the run gets the adapter,
 * the metrics and what resuming needs. The pieces are `adapterSpec`, `adaptedModel`, `train` and
 * `openRunFolder`, for runs of another shape.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import { excessRankNote } from '../adapters/excess-rank.js';
import type { AdapterBase } from '../adapters/files.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { type SequencesOptions, sequencesOf } from '../decoder/language-model.js';
import { frozenRouterNote } from '../experts/frozen-routers.js';
import { createRouterLoss, type RouterLossRequest } from '../experts/losses/index.js';
import { parameterCount } from '../experts/parameters.js';
import {
  type AdapterPlan,
  adapterPlan,
  checkPlan,
  type NewExperts,
  plannedRouter,
  type TrainedBefore,
  type TrainedExperts,
} from '../training/adapter-plan.js';
import { type Best, checkStopping } from '../training/best.js';
import { chanceWarning } from '../training/chance.js';
import { factorGroups, type LayerFactors } from '../training/factor-groups.js';
import { type TrainingOptions, trainingSettings } from '../training/settings.js';
import { checkEventFolder } from './event-folder.js';
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
import { resumedSettings } from './resumed-settings.js';
import { openRunFolder } from './run-folder.js';
import { type Prepared, type RunOptions, trainInto } from './train-into.js';
import { type TrainingData, type TrainingDataOptions, trainingData } from './training-data.js';

interface FineTuneBasics
  extends TrainingDataOptions,
    SequencesOptions,
    LocateOptions,
    RunOptions,
    Omit<LayerFactors, 'blocks'> {
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
  /** Goes on from the checkpoint in the folder, or begins where there is none. @default false */
  resume?: boolean;
}

/** New experts by an `allocation`, trained ones by the folders of their adapters, `experts`, or one adapter to train on, `from`. */
export type FineTuneOptions = FineTuneBasics &
  (NewExperts | TrainedExperts<string> | TrainedBefore<string>);

export interface FineTuned {
  /** Steps of the whole run, up to its end. */
  readonly steps: number;
  /** Why it ended. */
  readonly stopped: 'all-steps' | 'early-stopping';
  /** The lowest validation loss and its step, which the adapter is of, where the best is kept. */
  readonly best?: Best;
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
 * `resume`, with the same losses bit for bit on the same backend. With more steps than before, a run goes on
 * beyond its end, with the learning rates of a run of so many steps.
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
  checkBest(options);
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
    if (plan.dynamic?.ofModel === false) {
      onNote?.(
        'ranks grow among the experts of each projection, as the model has no experts of its own that are adapted: a transfer of DR-LoRA, not what its paper does',
      );
    }
    const frozen = frozenRouterNote(plan.initial.spec, routerLoss);
    if (frozen !== undefined) onNote?.(frozen);
    const adapted = adaptedModel(model.decoder, plan.initial, {
      ...(options.recompute && { recompute: true }),
      groups: factorGroups(plan.initial.spec, learned.settings, {
        ...defined({ learningRates: options.learningRates, weightDecays: options.weightDecays }),
        blocks: model.decoder.config.blocks.length,
      }),
      ...(plan.dynamic && { onGates: plan.dynamic.onGates }),
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
  const plan = await planOf(options, opened, router, seed);
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

/** What is known to be wrong before anything is read. */
function checkBest({ keepBest, earlyStopping, evaluateEvery }: FineTuneOptions): void {
  if (earlyStopping) checkStopping(earlyStopping);
  if ((!keepBest && !earlyStopping) || evaluateEvery !== undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'the best weights are those of the lowest validation loss: say how often it is measured (--evaluate-every)',
  );
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
  { weights, config }: Pick<OpenedLanguageModel, 'weights' | 'config'>,
  router: AdapterSpec['router'] | undefined,
  seed: number,
): Promise<AdapterPlan> {
  if (options.from !== undefined) {
    const { state } = await loaded(options.from);
    return adapterPlan({ ...options, from: state }, [], state.spec.router, seed);
  }
  if (!options.experts) return adapterPlan(options, weights, router!, seed, config.blocks);
  const experts: AdapterState[] = [];
  for (const folder of options.experts) experts.push((await loaded(folder)).state);
  return adapterPlan({ experts }, [], router!, seed);

  async function loaded(folder: string) {
    const stored = await loadAdapter(folder);
    for (const note of stored.notes ?? []) options.onNote?.(note);
    return stored;
  }
}

/** What is prepared, into the folder. */
async function run(options: FineTuneOptions, prepared: Prepared): Promise<FineTuned> {
  const { output, resume = false, onNote } = options;
  const { plan, sequences, model } = prepared;
  const folder = await openRunFolder(output, { resume });
  try {
    if (folder.state) await checkResumedAdapter(output, plan.initial);
    const settings = folder.state
      ? resumedSettings(folder.state, prepared.settings, options)
      : prepared.settings;
    const { reports, stopped, best } = await trainInto(folder, options, { ...prepared, settings });
    const all = [...folder.recorded, ...reports];
    if (reports.length === 0 && stopped === 'early-stopping') {
      onNote?.(
        `the run in ${output} was stopped early, at step ${all.length} of ${settings.steps}; a larger patience (--early-stopping) continues it`,
      );
    }
    return {
      steps: all.at(-1)?.step ?? settings.steps,
      examples: sequences.length,
      trainable: parameterCount(plan.initial.spec),
      stopped,
      ...defined({
        best,
        ...(reports.length > 0 && { firstLoss: all[0]!.loss, lastLoss: all.at(-1)!.loss }),
        warning: chanceWarning(all, model.decoder.config.vocabularySize),
      }),
    };
  } finally {
    await folder.close();
  }
}
