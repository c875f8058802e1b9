/** `alphalora evaluate`: how a model, with or without an adapter, does on a task. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { ModelEvaluation } from '@alphalora/molora-tfjs/node';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { printableData, tell } from '../../output/printable.js';
import { writeResult } from '../../output/result.js';
import { suiteText } from '../../output/suite.js';
import { evaluationProgress } from '../../output/training.js';
import { startRuntime } from '../../training/runtime.js';
import type { EvaluateOptions } from './command.js';

export async function run(model: string, options: EvaluateOptions, io: Io): Promise<ExitCode> {
  const { task, suite, wording, data, limit, cutoff, adapter, split, scoring, maxTokens } = options;
  if ((task === undefined) === (suite === undefined)) {
    throw new AlphaLoraError('INVALID_OPTION', 'give one of --task and --suite: what to score');
  }
  if (suite !== undefined && split !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      '--split has no effect with --suite: each benchmark is scored on the split that it reports',
    );
  }
  const { molora } = await startRuntime(options, io);
  const progress = evaluationProgress(io.stderr);
  const common = {
    ...{ model, locate: locateModel(options, io), data, cutoff, maxTokens },
    ...defined({ limit, adapter, scoring, wording }),
    signal: io.signal,
    onNote: (note: string) => tell(io.stderr, `note: ${note}`),
    onProgress: (done: number, total: number, task?: string) =>
      progress.update({ done, total, task }),
  };
  if (suite !== undefined) {
    const evaluation = await molora.evaluateSuite({ ...common, suite }).finally(progress.clear);
    for (const { task, evaluation: own } of evaluation.benchmarks) {
      if (own?.warning) tell(io.stderr, `warning: ${task}: ${own.warning}`);
    }
    writeResult(io.stdout, options, evaluation, () => suiteText(printableData(evaluation)));
    return exitCodes.done;
  }
  const { warning, ...evaluation } = await molora
    .evaluateModel({ ...common, ...defined({ split }), task: task! })
    .finally(progress.clear);
  if (warning) tell(io.stderr, `warning: ${warning}`);
  writeResult(io.stdout, options, evaluation, () => words(printableData(evaluation)));
  return exitCodes.done;
}

function words(evaluation: ModelEvaluation): string {
  const { task, metric, value, others = {}, loss, examples, scoring, unanswered } = evaluation;
  const figures = Object.entries({ [metric]: value, ...others, loss })
    .map(([name, figure]) => `${name} ${figure.toFixed(4)}`)
    .join(', ');
  const how = scoring ? ` by ${scoring}` : '';
  const open = unanswered ? `, ${unanswered} outputs without an answer` : '';
  return `${task}: ${figures} (${examples} examples${how}${open})\n`;
}
