/** `alphalora train`: fine-tunes a model with new experts, or trains a gate over trained ones. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { FineTuneOptions } from '@alphalora/molora-tfjs/node';
import { readDocument } from '../../files/documents.js';
import { requireFolder } from '../../files/write.js';
import { orInterruption } from '../../interrupt.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { tell } from '../../output/printable.js';
import { writeResult } from '../../output/result.js';
import { trainingProgress } from '../../output/training.js';
import { checkExperts, expertsOf } from '../../training/experts.js';
import { startRuntime } from '../../training/runtime.js';
import type { TrainOptions } from './command.js';

export async function run(model: string, options: TrainOptions, io: Io): Promise<ExitCode> {
  const { output } = options;
  if (options.steps !== undefined && options.epochs !== undefined) {
    throw new AlphaLoraError('INVALID_OPTION', '--steps and --epochs both say how long to train');
  }
  requireFolder(output, 'train');
  checkExperts(options);
  if (options.minimumImprovement !== undefined && options.earlyStopping === undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      '--minimum-improvement has an effect with --early-stopping only; give both',
    );
  }
  const { molora, backend } = await startRuntime(options, io);
  const experts = await expertsOf(options, io);
  const factors = await factorsOf(options, io);
  const progress = trainingProgress(io.stderr);
  let started = false;
  try {
    const { warning, ...run } = await molora.fineTune({
      ...{
        model,
        locate: locateModel(options, io),
        ...experts,
        ...settingsOf(options),
        ...factors,
      },
      signal: io.signal,
      onNote: (note) => tell(io.stderr, `note: ${note}`),
      onStart({ done, steps }) {
        started = true;
        if (done > 0) tell(io.stderr, `resuming at step ${done} of ${steps}`);
      },
      onStep: progress.update,
    });
    progress.clear();
    const { steps, examples, trainable, stopped, ...losses } = run;
    const counts = { output, steps, examples, trainable, stopped };
    const summary = { ...counts, backend: backend.name, ...losses, ...defined({ warning }) };
    writeResult(io.stdout, options, summary, () => words(run));
    if (warning) tell(io.stderr, `warning: ${warning}`);
    tell(io.stderr, `wrote ${output}`);
    return exitCodes.done;
  } catch (error) {
    const kept = 'the last checkpoint is kept: --resume continues from there';
    throw started ? orInterruption(error, io, kept) : error;
  } finally {
    progress.clear();
  }
}

/** Allocations of what each layer's learning rate and weight decay are multiplied by. */
async function factorsOf(
  { learningRates, weightDecays }: TrainOptions,
  io: Io,
): Promise<Pick<FineTuneOptions, 'learningRates' | 'weightDecays'>> {
  const read = (file: string | undefined) =>
    file === undefined ? undefined : readDocument(file, 'allocation', io);
  return defined({
    learningRates: await read(learningRates),
    weightDecays: await read(weightDecays),
  });
}

/** What the library calls otherwise, or groups. */
function settingsOf(options: TrainOptions) {
  const { task, wording, data, limit, cutoff, lossOnPrompt, output, resume, router, routerSet } =
    options;
  const { routerLoss, recompute, checkpointEvery, evaluateEvery, holdOut, tensorboard } = options;
  const { keepBest, earlyStopping, minimumImprovement } = options;
  const { steps, epochs = 1, batchSize, microBatchSize, learningRate, schedule } = options;
  const { warmupSteps, weightDecay, clipNorm, groupByLength, seed } = options;
  return {
    ...{ task, data, cutoff, output, checkpointEvery },
    router: { options: routerSet, ...defined({ name: router }) },
    training: {
      ...(steps === undefined ? { epochs } : { steps }),
      ...{ batchSize, learningRate, schedule, weightDecay, groupByLength, seed },
      clipNorm: clipNorm === 0 ? null : clipNorm,
      ...(typeof microBatchSize === 'number' && { microBatchSize }),
      ...defined({ warmupSteps }),
    },
    fitMemory: microBatchSize === 'auto',
    ...defined({
      wording,
      limit,
      lossOnPrompt,
      resume,
      routerLoss,
      recompute,
      evaluateEvery,
      holdOut,
    }),
    ...defined({
      ...{ tensorboard, keepBest },
      earlyStopping:
        earlyStopping === undefined
          ? undefined
          : { patience: earlyStopping, ...defined({ minimumImprovement }) },
    }),
  } satisfies Partial<FineTuneOptions>;
}

interface Summary {
  steps: number;
  examples: number;
  trainable: number;
  firstLoss?: number;
  lastLoss?: number;
  stopped: 'all-steps' | 'early-stopping';
  best?: { step: number; loss: number };
}

function words(summary: Summary): string {
  const { steps, examples, trainable, firstLoss, lastLoss, stopped, best } = summary;
  const early =
    stopped === 'early-stopping' ? ', where the validation loss had stopped falling' : '';
  const kept = best
    ? `the adapter is that of step ${best.step}, with the lowest validation loss, ${best.loss.toFixed(3)}\n`
    : '';
  const loss =
    firstLoss === undefined || lastLoss === undefined
      ? 'all steps had been done before'
      : `loss ${firstLoss.toFixed(3)} at first, ${lastLoss.toFixed(3)} at last`;
  return (
    `${counted(steps, 'step')} over ${counted(examples, 'example')}${early}, ` +
    `${counted(trainable, 'trainable parameter')}; ${loss}\n${kept}`
  );
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
