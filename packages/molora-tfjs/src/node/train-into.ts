/** A run whose parts are prepared, into its folder: metrics, evaluations, the best weights, checkpoints. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { AdapterBase, AdapterFiles } from '../adapters/files.js';
import { adapterFiles } from '../adapters/write.js';
import type { AdaptedModel } from '../decoder/adapted-model.js';
import type { LanguageModel } from '../decoder/language-model.js';
import { parameterCount } from '../experts/parameters.js';
import { trimRanks } from '../experts/trim-ranks.js';
import type { AdapterPlan } from '../training/adapter-plan.js';
import { type Best, type BestWeights, bestWeights, type EarlyStopping } from '../training/best.js';
import type { StepReport, TrainingCallback } from '../training/callbacks.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import { fingerprint, type TokenSequence } from '../training/sequences.js';
import type { TrainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import type { TaskSource } from './data.js';
import { type EventFolder, openEventFolder } from './event-folder.js';
import type { LocateOptions } from './load.js';
import type { RunFolder, RunSummary } from './run-folder.js';

export interface RunOptions extends LocateOptions, TaskSource {
  /** Folder of the run: see `openRunFolder`. */
  output: string;
  /** Steps between checkpoints. @default 100 */
  checkpointEvery?: number;
  /** Steps between measurements of the loss on examples that are not trained on. @default none */
  evaluateEvery?: number | undefined;
  /**
   * Keeps the weights of the evaluation with the lowest loss: the adapter in the folder is theirs, and not
   * that of the last step, with which a run resumes. @default false, but with `earlyStopping`
   */
  keepBest?: boolean;
  /** Ends the run when the loss of the evaluations falls no longer. @default never */
  earlyStopping?: EarlyStopping;
  /** Folder for the metrics as events for TensorBoard, of this run alone. @default none */
  tensorboard?: string;
  /** Ends the run after the current step, with a checkpoint; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Before the first step, with how many were done before and how many there will be in all. */
  onStart?: (start: { done: number; steps: number }) => void;
  onStep?: (report: StepReport) => void;
  /** What people should know of the model's files, of the data and of the run, in a sentence. */
  onNote?: ((note: string) => void) | undefined;
}

export interface Prepared {
  model: LanguageModel;
  base: AdapterBase;
  sequences: readonly TokenSequence[];
  validated: readonly TokenSequence[] | undefined;
  plan: AdapterPlan;
  adapted: AdaptedModel;
  settings: TrainingSettings;
}

export interface Ended {
  /** Of the steps that were left to do. */
  reports: StepReport[];
  stopped: 'all-steps' | 'early-stopping';
  best: Best | undefined;
}

/** @throws AlphaLoraError `INVALID_OPTION` when the run kept its best weights, and is not to do so any longer; see also `train` */
export async function trainInto(
  folder: RunFolder,
  options: RunOptions,
  prepared: Prepared,
): Promise<Ended> {
  const { checkpointEvery = 100, evaluateEvery, signal, onStart, onStep } = options;
  const { base, adapted, sequences, validated, plan, settings } = prepared;
  const { steps } = settings;
  const reports: StepReport[] = [];
  const kept = bestOf(folder, options, validated);
  const measure = async (): Promise<Record<string, number>> => {
    const { loss } = await evaluateLoss({
      ...{ model: adapted.trainable, sequences: validated! },
      batchSize: settings.microBatchSize,
      ...defined({ signal }),
    });
    return { loss };
  };
  const events = await eventsOf(options, folder.recorded, prepared);
  // A run is interrupted after its step is told, within which it may also be the last one.
  const save = async (state: Parameters<RunFolder['save']>[0]): Promise<void> => {
    const best = kept?.best();
    const early = kept?.exhausted() && state.step < steps;
    const stopped: RunSummary['stopped'] =
      state.step === steps
        ? 'all-steps'
        : early
          ? 'early-stopping'
          : signal?.aborted
            ? 'interrupted'
            : undefined;
    await folder.save(state, await files(), {
      ...{ step: state.step, steps },
      ...defined({ stopped }),
      adapterStep: best?.step ?? state.step,
      ...(best && { best: { step: best.step, loss: best.loss } }),
    });
  };
  async function files(): Promise<AdapterFiles> {
    const { spec, tensors } = await adapted.state();
    const state = { spec, tensors: { ...tensors, ...kept?.best()?.tensors } };
    return adapterFiles(plan.dynamic ? trimRanks(state, plan.dynamic.ranks()) : state, base);
  }
  const callbacks: TrainingCallback[] = [
    {
      name: 'missed evaluation',
      // One that was cut short when the run was interrupted: the step before it is kept without it.
      async onStart(context) {
        const [last] = folder.recorded.slice(-1);
        if (!validated || last?.step !== context.step || last.evaluation) return;
        if (context.step % evaluateEvery! !== 0 && context.step < steps) return;
        const evaluation = await measure();
        await folder.recordEvaluation(evaluation);
        await events?.recordEvaluation(context.step, evaluation);
        await kept?.observe(evaluation['loss']!, context);
      },
    },
    ...(plan.dynamic ? [plan.dynamic.callback] : []),
    ...(kept ? [kept.callback] : []),
    {
      name: 'record',
      // After what is resumed was found to be the same run.
      onStart: ({ step }) => onStart?.({ done: step, steps }),
      async onStep(report) {
        reports.push(report);
        await folder.record(report);
        await events?.record(report);
        onStep?.(report);
      },
    },
  ];
  try {
    const { step } = await train({
      ...{ model: adapted.trainable, sequences, settings, callbacks },
      ...defined({ signal, resume: folder.state }),
      ...(validated && { evaluation: { every: evaluateEvery!, measure } }),
      checkpoints: { every: checkpointEvery, save },
    });
    const best = kept?.best();
    return {
      reports,
      stopped: step < steps ? 'early-stopping' : 'all-steps',
      best: best && { step: best.step, loss: best.loss },
    };
  } finally {
    await events?.close();
  }
}

/** Where they are asked for. */
function bestOf(
  { state, path }: RunFolder,
  { keepBest, earlyStopping, onNote }: RunOptions,
  validated: readonly TokenSequence[] | undefined,
): BestWeights | undefined {
  const keeps = keepBest === true || earlyStopping !== undefined;
  const kept = state?.callbacks['best'] !== undefined;
  if (kept && !keeps) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the run in ${path} keeps its best weights, and its adapter is theirs: resume it so (--keep-best, or --early-stopping)`,
      { details: { file: path } },
    );
  }
  if (!keeps) return undefined;
  if (state && !kept) {
    onNote?.(
      `the best weights are looked for from step ${state.step} on: before, the run kept those of its last checkpoint only`,
    );
  }
  return bestWeights(earlyStopping, fingerprint(validated!));
}

/** Where they are asked for, with what the run is made of as a text. */
async function eventsOf(
  { tensorboard, model, task, data, output }: RunOptions,
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
