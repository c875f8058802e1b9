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
 * first. The options of a task differ in their label only, so that their length does not matter.
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
  const choose = async ({ prompt, options: given }: Example): Promise<string> => {
    if (!given) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${task.name} has no options to choose from; score it by generation`,
      );
    }
    const completions = given.map(({ completion }) => completion);
    const values = await logLikelihoods(prompt, completions);
    let best = 0;
    for (const [i, value] of values.entries()) {
      if (Number.isNaN(value)) {
        throw new AlphaLoraError(
          'INVALID_CHECKPOINT',
          `the likelihood of ${JSON.stringify(completions[i])} is NaN; did the training of the adapter diverge?`,
        );
      }
      if (value > values[best]!) best = i;
    }
    return completions[best]!;
  };
  return evaluate(task, examples, choose, options);
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
