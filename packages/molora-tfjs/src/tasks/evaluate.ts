/**
 * Evaluates a model on a task: by what it generates, or by which option it finds most likely. The
 * model is seen through one function only.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Example, TaskScore, TrainingTask } from '@alphalora/contracts/extensions';

export interface TaskEvaluation extends TaskScore {
  /** What was judged for each example: the text generated, or the completion chosen. */
  readonly outputs: readonly string[];
}

export interface EvaluationOptions {
  /** Called after each example. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * @param generate what the model goes on with after a prompt, without the prompt
 * @throws AlphaLoraError `INVALID_OPTION` when the task has no score or there are no examples
 */
export async function evaluateByGeneration(
  task: TrainingTask,
  examples: readonly Example[],
  generate: (prompt: string) => Promise<string>,
  options: EvaluationOptions = {},
): Promise<TaskEvaluation> {
  return evaluate(task, examples, ({ prompt }) => generate(prompt), options);
}

/**
 * Chooses the option with the largest sum of the log-likelihoods of its tokens; of equal ones the
 * first. Most tasks have options that differ in their label only, so that their length does not matter.
 * Where options are scored by their text, `others.normalized` is the metric of the choices by the
 * log-likelihood per character, as `acc_norm` of lm-evaluation-harness.
 *
 * @param logLikelihoods of completions after a prompt, in nats: the sum over a completion's tokens
 * @throws AlphaLoraError `INVALID_OPTION` as above, or when an example has no options;
 *   `INVALID_CHECKPOINT` when a likelihood is NaN
 */
export async function evaluateByLikelihood(
  task: TrainingTask,
  examples: readonly Example[],
  logLikelihoods: (prompt: string, completions: readonly string[]) => Promise<readonly number[]>,
  options: EvaluationOptions = {},
): Promise<TaskEvaluation> {
  const byCharacter: string[] = [];
  const choose = async ({ prompt, options: given }: Example): Promise<string> => {
    if (!given) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${task.name} has no options to choose from; score it by generation`,
      );
    }
    const completions = given.map(({ completion }) => completion);
    const values = await logLikelihoods(prompt, completions);
    const odd = values.findIndex(Number.isNaN);
    if (odd >= 0) {
      throw new AlphaLoraError(
        'INVALID_CHECKPOINT',
        `the likelihood of ${JSON.stringify(completions[odd])} is NaN; did the training of the adapter diverge?`,
      );
    }
    const perCharacter = values.map((value, i) => value / [...given[i]!.label].length);
    byCharacter.push(completions[largest(perCharacter)]!);
    return completions[largest(values)]!;
  };
  const evaluation = await evaluate(task, examples, choose, options);
  if (!examples.every(isByText)) return evaluation;
  const { value: normalized } = task.score!(byCharacter, examples);
  return { ...evaluation, others: { ...evaluation.others, normalized } };
}

/** Of equal ones the first. */
function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Then options are what they say, not a label. */
function isByText({ options = [] }: Example): boolean {
  return options.every(({ label, completion }) => completion.trim() === label);
}

async function evaluate(
  task: TrainingTask,
  examples: readonly Example[],
  respond: (example: Example) => Promise<string>,
  { onProgress, signal }: EvaluationOptions,
): Promise<TaskEvaluation> {
  if (!task.score) {
    throw new AlphaLoraError('INVALID_OPTION', `${task.name} is judged by its loss only`);
  }
  const outputs: string[] = [];
  for (const example of examples) {
    signal?.throwIfAborted();
    outputs.push(await respond(example));
    onProgress?.(outputs.length, examples.length);
  }
  return { ...task.score(outputs, examples), outputs };
}
