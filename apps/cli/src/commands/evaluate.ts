/** `alphalora evaluate`: how a model, with or without an adapter, does on a task. */
import type { Example, Split, TrainingTask } from '@alphalora/contracts';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { printableData, tell } from '../output/printable.js';
import { evaluationProgress } from '../output/training.js';
import { adapterOf } from '../training/adapter.js';
import { fitPrompts } from '../training/prompts.js';
import { type BackendOptions, type Runtime, startRuntime } from '../training/runtime.js';
import {
  encode,
  type LoadedModel,
  loadExamples,
  loadLanguageModel,
  type TaskOptions,
} from '../training/session.js';

export interface EvaluateOptions extends TaskOptions, BackendOptions {
  adapter?: string;
  split: Split;
  /** By default `likelihood` where the examples have options to choose from. */
  scoring?: 'generation' | 'likelihood';
  maxTokens: number;
  cutoff: number;
  json?: boolean;
}

interface Evaluation {
  task: string;
  metric: string;
  value: number;
  /** Mean cross-entropy of the tokens of the completions, in nats. */
  loss: number;
  examples: number;
  split: Split;
  scoring?: 'generation' | 'likelihood';
  others?: Readonly<Record<string, number>>;
  /** Prompts whose beginnings were cut, as they and an answer have not enough positions. */
  cut?: number;
  /** Outputs without an answer in them; they count as wrong. */
  unanswered?: number;
}

export async function evaluate(
  folder: string,
  options: EvaluateOptions,
  io: Io,
): Promise<ExitCode> {
  const { split } = options;
  const runtime = await startRuntime(options, io);
  const { molora } = runtime;
  const { task, examples } = await loadExamples(runtime, options, split);
  const model = await loadLanguageModel(runtime, folder);
  const adapter =
    options.adapter === undefined ? undefined : await adapterOf(runtime, options.adapter);
  const withAdapter = adapter && { adapter };
  const { sequences, note } = encode(runtime, model, examples, options);
  io.stderr.write(note);
  const { loss } = await molora.evaluateLoss({
    model: {
      variables: [],
      loss: (batch) => molora.languageModelLoss(model.decoder, batch, { ...withAdapter }).loss,
    },
    sequences,
    batchSize: 8,
    signal: io.signal,
  });
  const evaluation: Evaluation = {
    ...(await scored(runtime, { task, examples, model, adapter: withAdapter }, options, io, loss)),
    loss,
    examples: examples.length,
    split,
  };
  const warning = molora.chanceWarning([loss], model.decoder.config.vocabularySize);
  if (warning) tell(io.stderr, `warning: ${warning}`);
  if (options.json) io.stdout.write(`${JSON.stringify(evaluation, null, 2)}\n`, 'data');
  else io.stdout.write(words(printableData(evaluation)));
  return exitCodes.done;
}

interface Subject {
  task: TrainingTask;
  examples: readonly Example[];
  model: LoadedModel;
  adapter: object | undefined;
}

async function scored(
  runtime: Runtime,
  { task, examples, model, adapter }: Subject,
  options: EvaluateOptions,
  io: Io,
  loss: number,
): Promise<Omit<Evaluation, 'loss' | 'examples' | 'split'>> {
  const { molora } = runtime;
  const { decoder, tokenizer } = model;
  if (!task.score) return { task: task.name, metric: 'perplexity', value: Math.exp(loss) };
  const { scoring = examples.every(({ options }) => options) ? 'likelihood' : 'generation' } =
    options;
  const prompts = fitPrompts(runtime, model, examples, scoring, options.maxTokens);
  io.stderr.write(prompts.note);
  const progress = evaluationProgress(io.stderr);
  const settings = {
    signal: io.signal,
    onProgress: (done: number, total: number) => progress.update({ done, total }),
  };
  try {
    const found =
      scoring === 'likelihood'
        ? await molora.evaluateByLikelihood(
            task,
            examples,
            (prompt, completions) =>
              molora.logLikelihoods(decoder, tokenizer, prompt, completions, { ...adapter }),
            settings,
          )
        : await molora.evaluateByGeneration(
            task,
            examples,
            async (prompt) => {
              const { endTokens } = decoder.config;
              const [continued] = await molora.generate(decoder, [prompts.idsOf(prompt)], {
                ...adapter,
                maxTokens: options.maxTokens,
                signal: io.signal,
                endTokens:
                  tokenizer.endToken === undefined ? endTokens : [...endTokens, tokenizer.endToken],
              });
              return tokenizer.decode(continued!);
            },
            settings,
          );
    const { metric, value, others, unanswered } = found;
    const { cut } = prompts;
    return { task: task.name, metric, value, scoring, others, cut, unanswered };
  } finally {
    progress.clear();
  }
}

function words({ task, metric, value, loss, examples, scoring, unanswered }: Evaluation): string {
  const how = scoring ? ` by ${scoring}` : '';
  const open = unanswered ? `, ${unanswered} outputs without an answer` : '';
  return `${task}: ${metric} ${value.toFixed(4)}, loss ${loss.toFixed(4)} (${examples} examples${how}${open})\n`;
}
