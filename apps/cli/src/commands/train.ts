/** `alphalora train`: fine-tunes a model with new experts, or trains a gate over trained ones. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { requireFolder } from '../files/write.js';
import { orInterruption } from '../interrupt.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { tell } from '../output/printable.js';
import { trainingProgress } from '../output/training.js';
import {
  type AdapterPlanOptions,
  adapterPlan,
  checkAdapterOptions,
} from '../training/adapter-plan.js';
import { checkResumedAdapter } from '../training/resumed-adapter.js';
import { type BackendOptions, startRuntime } from '../training/runtime.js';
import { encode, loadExamples, loadLanguageModel, type TaskOptions } from '../training/session.js';

export interface TrainOptions extends TaskOptions, BackendOptions, AdapterPlanOptions {
  output: string;
  resume?: boolean;
  steps?: number;
  epochs?: number;
  batchSize: number;
  microBatchSize?: number;
  groupByLength: boolean;
  learningRate: number;
  schedule: 'constant' | 'linear' | 'cosine';
  warmupSteps?: number;
  weightDecay: number;
  clipNorm: number;
  cutoff: number;
  lossOnPrompt?: boolean;
  routerLoss?: { name: string; coefficient: number };
  recompute?: boolean;
  checkpointEvery: number;
  evaluateEvery?: number;
  json?: boolean;
}

/** Sequences of the validation split that the loss is measured on while training. */
const VALIDATION_EXAMPLES = 64;

export async function train(model: string, options: TrainOptions, io: Io): Promise<ExitCode> {
  const { steps, epochs, output, resume = false, seed } = options;
  if (steps !== undefined && epochs !== undefined) {
    throw new AlphaLoraError('INVALID_OPTION', '--steps and --epochs both say how long to train');
  }
  requireFolder(output, 'train');
  const runtime = await startRuntime(options, io);
  const { molora } = runtime;
  // Wrong names are told before anything is read or written.
  checkAdapterOptions(runtime, options);
  if (options.routerLoss) molora.createRouterLoss(options.routerLoss);
  const { examples } = await loadExamples(runtime, options, 'train');
  const validation =
    options.evaluateEvery === undefined
      ? undefined
      : await loadExamples(runtime, { ...options, limit: VALIDATION_EXAMPLES }, 'validation');
  const loaded = await loadLanguageModel(runtime, model);
  const { sequences, note } = encode(runtime, loaded, examples, options);
  io.stderr.write(note);
  const validated = validation && encode(runtime, loaded, validation.examples, options);

  const plan = await adapterPlan(runtime, model, options, io);
  const adapted = molora.adaptedModel(loaded.decoder, plan.initial, {
    ...(options.recompute && { recompute: true }),
    ...(plan.dynamic && { router: plan.dynamic.router }),
    ...(options.routerLoss && { routerLoss: options.routerLoss }),
  });
  const settings = molora.trainingSettings(
    {
      ...(steps === undefined ? { epochs: epochs ?? 1 } : { steps }),
      batchSize: options.batchSize,
      learningRate: options.learningRate,
      seed,
      groupByLength: options.groupByLength,
      schedule: options.schedule,
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm === 0 ? null : options.clipNorm,
      ...defined({ microBatchSize: options.microBatchSize, warmupSteps: options.warmupSteps }),
    },
    sequences.length,
  );
  const adapterFiles = async () => {
    const state = await adapted.state();
    const trained = plan.dynamic ? molora.trimRanks(state, plan.dynamic.ranks()) : state;
    return molora.adapterFiles(trained, { base: model });
  };
  const folder = await molora.openRunFolder(output, { resume });
  const progress = trainingProgress(io.stderr);
  const losses: number[] = [];
  try {
    if (folder.state) {
      await checkResumedAdapter(runtime, output, plan.initial);
      tell(io.stderr, `goes on from step ${folder.state.step} of ${folder.state.settings.steps}`);
    }
    await molora.train({
      model: adapted.trainable,
      sequences,
      settings,
      signal: io.signal,
      ...(folder.state && { resume: folder.state }),
      callbacks: [
        ...(plan.dynamic ? [plan.dynamic.callback] : []),
        {
          name: 'record',
          async onStep(report) {
            losses.push(report.loss);
            await folder.record(report);
            progress.update(report);
          },
        },
      ],
      ...(validated && {
        evaluation: {
          every: options.evaluateEvery!,
          measure: async () => {
            const { loss } = await molora.evaluateLoss({
              model: adapted.trainable,
              sequences: validated.sequences,
              batchSize: settings.microBatchSize,
              signal: io.signal,
            });
            return { loss };
          },
        },
      }),
      checkpoints: {
        every: options.checkpointEvery,
        save: async (state) => folder.save(state, await adapterFiles()),
      },
    });
  } catch (error) {
    const kept = 'the last checkpoint is kept: --resume goes on from there';
    throw orInterruption(error, io, kept);
  } finally {
    progress.clear();
    await folder.close();
  }
  const summary = {
    output,
    steps: settings.steps,
    examples: sequences.length,
    trainable: molora.parameterCount(plan.initial.spec),
    backend: runtime.backend.name,
    firstLoss: losses[0],
    lastLoss: losses.at(-1),
    warning: molora.chanceWarning(
      [...folder.recorded.map(({ loss }) => loss), ...losses],
      loaded.decoder.config.vocabularySize,
    ),
  };
  if (options.json) io.stdout.write(`${JSON.stringify(summary, null, 2)}\n`, 'data');
  else io.stdout.write(summaryText(summary));
  if (summary.warning) tell(io.stderr, `warning: ${summary.warning}`);
  tell(io.stderr, `wrote ${output}`);
  return exitCodes.done;
}

interface Summary {
  steps: number;
  examples: number;
  trainable: number;
  firstLoss: number | undefined;
  lastLoss: number | undefined;
}

function summaryText({ steps, examples, trainable, firstLoss, lastLoss }: Summary): string {
  const loss =
    firstLoss === undefined || lastLoss === undefined
      ? 'all steps had been done before'
      : `loss ${firstLoss.toFixed(3)} at first, ${lastLoss.toFixed(3)} at last`;
  return (
    `${steps} steps over ${examples} examples, ` +
    `${trainable.toLocaleString('en-US')} trainable parameters; ${loss}\n`
  );
}
