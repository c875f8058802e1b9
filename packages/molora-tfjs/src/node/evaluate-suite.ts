/** How a model does on all benchmarks of a paper, of which each has its data in one folder. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { suiteOf } from '../tasks/suites.js';
import { reportedSplit, taskOf } from './data.js';
import {
  type EvaluatedData,
  type EvaluateModelOptions,
  evaluatedData,
  evaluationOf,
  type ModelEvaluation,
  withEvaluated,
} from './evaluate-model.js';
import { placeAmongOthers } from './locate-data.js';

export interface EvaluateSuiteOptions
  extends Omit<EvaluateModelOptions, 'task' | 'split' | 'onProgress'> {
  /** Name of the suite, such as `alphalora`. */
  suite: string;
  /** The folder in which the benchmarks lie, see `placeAmongOthers`. */
  data: string;
  /** Called after each example. */
  onProgress?: (done: number, total: number, task: string) => void;
}

export interface SuiteEvaluation {
  readonly suite: string;
  /** In the order of the suite; accuracy is absent where the data is missing. */
  readonly benchmarks: ReadonlyArray<{
    readonly task: string;
    /** Absent where the data of the benchmark is missing. */
    readonly evaluation?: ModelEvaluation;
    /** Share of the answers that are right, whatever the task's own metric is. */
    readonly accuracy?: number;
  }>;
  /** Mean of the accuracies that are there. */
  readonly meanAccuracy: number;
  /** How many it is the mean of. */
  readonly present: number;
}

/**
 * Evaluates each benchmark on the split that it reports, and tells which are missing. A wording goes to
 * the tasks that have it; the others keep theirs.
 *
 * @throws AlphaLoraError `NOT_FOUND` where there is no such suite, or none of its benchmarks; see also
 *   `evaluateModel`
 */
export async function evaluateSuite(options: EvaluateSuiteOptions): Promise<SuiteEvaluation> {
  const { suite, data, wording, limit, onNote, onProgress } = options;
  const found = new Map<string, EvaluatedData>();
  const names = suiteOf(suite);
  for (const name of names) {
    const task = await taskOf(name);
    const place = await placeAmongOthers(task, data, reportedSplit(task));
    if (place === undefined) continue;
    const worded = wording !== undefined && task.wordings?.[wording] ? { wording } : {};
    const source = { task: name, data: place, ...defined({ limit, onNote }), ...worded };
    found.set(name, await evaluatedData(source));
  }
  if (found.size === 0) {
    throw new AlphaLoraError(
      'NOT_FOUND',
      `${data} has none of the benchmarks of ${suite} (${names.join(', ')}): give a folder in which each has a folder of its name`,
      { details: { file: data } },
    );
  }
  return withEvaluated(options, async (evaluated) => {
    const benchmarks: Array<SuiteEvaluation['benchmarks'][number]> = [];
    const accuracies: number[] = [];
    for (const task of names) {
      const own = found.get(task);
      if (!own) {
        benchmarks.push({ task });
        continue;
      }
      const evaluation = await evaluationOf(evaluated, own, {
        ...options,
        onProgress: (done, total) => onProgress?.(done, total, task),
      });
      const { metric, value, others } = evaluation;
      const accuracy = metric === 'accuracy' ? value : others!['accuracy']!;
      accuracies.push(accuracy);
      benchmarks.push({ task, evaluation, accuracy });
    }
    const meanAccuracy =
      accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
    return { suite, benchmarks, meanAccuracy, present: accuracies.length };
  });
}
