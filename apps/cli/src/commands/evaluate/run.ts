/** `alphalora evaluate`: how a model, with or without an adapter, does on a task. */
import { defined } from '@alphalora/contracts';
import type { ModelEvaluation } from '@alphalora/molora-tfjs/node';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { printableData, tell } from '../../output/printable.js';
import { writeResult } from '../../output/result.js';
import { evaluationProgress } from '../../output/training.js';
import { startRuntime } from '../../training/runtime.js';
import type { EvaluateOptions } from './command.js';

export async function run(model: string, options: EvaluateOptions, io: Io): Promise<ExitCode> {
  const { task, data, limit, cutoff, adapter, split, scoring, maxTokens } = options;
  const { molora } = await startRuntime(options, io);
  const progress = evaluationProgress(io.stderr);
  const { warning, ...evaluation } = await molora
    .evaluateModel({
      ...{ model, locate: locateModel(options, io), task, data, cutoff, maxTokens },
      ...defined({ limit, adapter, scoring, split }),
      signal: io.signal,
      onNote: (note) => tell(io.stderr, `note: ${note}`),
      onProgress: (done, total) => progress.update({ done, total }),
    })
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
