/** How a model in a folder, with an adapter or without, does on a task: its loss, and its score. */
import { statIfPresent } from '@alphalora/checkpoint/node';
import { defined } from '@alphalora/contracts';
import type { Example, Split, TrainingTask } from '@alphalora/contracts/extensions';
import { type AdaptedModel, adaptedModel } from '../decoder/adapted-model.js';
import { generate } from '../decoder/generate.js';
import { type LanguageModel, sequencesOf } from '../decoder/language-model.js';
import { logLikelihoods } from '../decoder/log-likelihoods.js';
import { languageModelLoss } from '../decoder/loss.js';
import {
  type EvaluationOptions,
  evaluateByGeneration,
  evaluateByLikelihood,
} from '../tasks/evaluate.js';
import { fitPrompts } from '../tasks/prompts.js';
import { chanceWarning } from '../training/chance.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import { examplesOf, type TaskSource } from './data.js';
import { type LocateOptions, loadLanguageModel, located } from './load.js';
import { loadAdapter } from './load-adapter.js';
import { withMemoryErrors } from './memory-check.js';

export interface EvaluateModelOptions extends TaskSource, EvaluationOptions, LocateOptions {
  /** Folder of an adapter that acts on it: see `loadAdapter`. */
  adapter?: string;
  /** Of a folder; one file has no splits. @default `test`; `validation` for benchmarks that publish no answers to their test */
  split?: Split;
  /** @default `likelihood` where all examples have options to choose from */
  scoring?: 'generation' | 'likelihood';
  /** Most tokens that are generated for an answer. @default 64 */
  maxTokens?: number;
  /** Tokens after which an example is cut for the loss. @default 256 */
  cutoff?: number;
  /** What people should know of the model's files and of the data, in a sentence. */
  onNote?: (note: string) => void;
}

export interface ModelEvaluation {
  readonly task: string;
  /** The task's own, or `perplexity` where only the loss counts. */
  readonly metric: string;
  readonly value: number;
  readonly scoring?: 'generation' | 'likelihood';
  /** Further metrics by name. */
  readonly others?: Readonly<Record<string, number>>;
  /** Prompts whose beginnings were cut, as they and an answer have not enough positions. */
  readonly cut?: number;
  /** Outputs without an answer in them; they count as wrong. */
  readonly unanswered?: number;
  /** Mean cross-entropy of the tokens of the completions, in nats. */
  readonly loss: number;
  readonly examples: number;
  /** Absent where the data is one file. */
  readonly split?: Split;
  /** For people, when the loss is no lower than at chance. */
  readonly warning?: string;
}

/** Sequences that pass through the model at once. */
const BATCH = 8;

/**
 *     const { metric, value } = await evaluateModel({
 *       ...{ model: 'model', adapter: 'adapter', task: 'boolq', data: 'data/boolq' },
 *     });
 *
 * @throws AlphaLoraError see `loadModel`, `loadAdapter`, `readTaskData` and `evaluateLoss`;
 *   `INVALID_OPTION` when the adapter does not fit the model, or the task cannot be scored so
 */
export async function evaluateModel(options: EvaluateModelOptions): Promise<ModelEvaluation> {
  const data = await evaluatedData(options);
  return withEvaluated(options, (evaluated) => evaluationOf(evaluated, data, options));
}

/** What is evaluated: a model, with an adapter or without. */
export interface Evaluated {
  readonly model: LanguageModel;
  readonly adapter: Pick<AdaptedModel, 'adapter'> | undefined;
}

export interface EvaluatedData {
  readonly task: TrainingTask;
  readonly examples: Example[];
  /** Absent where the data is one file. */
  readonly split?: Split;
}

/** @throws AlphaLoraError see `readTaskData` */
export async function evaluatedData(
  options: TaskSource & Pick<EvaluateModelOptions, 'split' | 'onNote'>,
): Promise<EvaluatedData> {
  const { onNote } = options;
  const { task, examples, split } = await examplesOf(options, options.split);
  const isFolder = (await statIfPresent(options.data))?.isDirectory();
  if (options.split === undefined && split === 'validation' && isFolder) {
    onNote?.(`${task.name} publishes no answers to its test split: scored on validation`);
  }
  if (options.split !== undefined && !isFolder) {
    onNote?.(
      `${options.data} is one file, scored as a whole: the split ${split} is not looked for`,
    );
  }
  return { task, examples, ...(isFolder && { split }) };
}

/** With the model in memory while something is done with it. */
export async function withEvaluated<Result>(
  options: LocateOptions & Pick<EvaluateModelOptions, 'adapter' | 'onNote'>,
  use: (evaluated: Evaluated) => Promise<Result>,
): Promise<Result> {
  const { onNote } = options;
  const { path } = await located(options);
  const model = await loadLanguageModel(path, { onNote });
  let adapted: AdaptedModel | undefined;
  try {
    if (options.adapter !== undefined) {
      const { state, notes = [] } = await loadAdapter(options.adapter);
      for (const note of notes) onNote?.(note);
      adapted = adaptedModel(model.decoder, state);
    }
    return await use({ model, adapter: adapted && { adapter: adapted.adapter } });
  } finally {
    adapted?.dispose();
    model.decoder.dispose();
  }
}

export async function evaluationOf(
  { model, adapter }: Evaluated,
  { task, examples, split }: EvaluatedData,
  options: Omit<EvaluateModelOptions, 'model' | 'task' | 'data'>,
): Promise<ModelEvaluation> {
  const { signal, onNote } = options;
  const { decoder } = model;
  const { sequences, note } = sequencesOf({ ...model, config: decoder.config }, examples, options);
  if (note !== undefined) onNote?.(note);
  const { loss, ...score } = await withMemoryErrors(async () => {
    const { loss } = await evaluateLoss({
      model: {
        variables: [],
        loss: (batch) => languageModelLoss(decoder, batch, { ...adapter }).loss,
      },
      sequences,
      batchSize: BATCH,
      ...defined({ signal }),
    });
    const score = task.score
      ? await scored(task, examples, model, adapter, options)
      : { metric: 'perplexity', value: Math.exp(loss) };
    return { loss, ...score };
  });
  const warning = chanceWarning([{ loss }], decoder.config.vocabularySize);
  const common = { loss, examples: examples.length, ...defined({ split, warning }) };
  return { task: task.name, ...score, ...common };
}

async function scored(
  task: TrainingTask,
  examples: Parameters<typeof evaluateByGeneration>[1],
  model: LanguageModel,
  adapter: Evaluated['adapter'],
  options: Omit<EvaluateModelOptions, 'model' | 'task' | 'data'>,
) {
  const { decoder, tokenizer } = model;
  const { maxTokens = 64, signal, onNote } = options;
  const { scoring = examples.every(({ options }) => options) ? 'likelihood' : 'generation' } =
    options;
  const prompts = fitPrompts(model, examples, scoring, maxTokens);
  if (prompts.note !== undefined) onNote?.(prompts.note);
  const answer = async (prompt: string): Promise<string> => {
    const [continued] = await generate(decoder, [prompts.idsOf(prompt)], {
      ...adapter,
      maxTokens,
      ...defined({ signal }),
    });
    return tokenizer.decode(continued!);
  };
  const likelihoods = (prompt: string, completions: readonly string[]) =>
    logLikelihoods(decoder, tokenizer, prompt, completions, { ...adapter });
  const { metric, value, others, unanswered } =
    scoring === 'likelihood'
      ? await evaluateByLikelihood(task, examples, likelihoods, options)
      : await evaluateByGeneration(task, examples, answer, options);
  return { metric, value, scoring, others, cut: prompts.cut, unanswered };
}
