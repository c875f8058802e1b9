/** How far a training run or an evaluation is, in one line. */
import type { StepReport } from '@alphalora/molora-tfjs/training';
import type { Output } from '../io.js';
import { duration } from './amounts.js';
import { type StatusLine, statusLine } from './progress.js';

export function trainingProgress(output: Output): StatusLine<[StepReport]> {
  return statusLine(output, ({ step, steps, loss, learningRate, tokensPerSecond, secondsLeft }) => [
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `rate ${learningRate.toExponential(1)}`,
    `${Math.round(tokensPerSecond).toLocaleString('en-US')} tokens/s`,
    `${duration(secondsLeft)} left`,
  ]);
}

export function batchProgress(output: Output): StatusLine<[{ done: number; total: number }]> {
  return statusLine(output, ({ done, total }) => [`batch ${done}/${total}`]);
}

export function evaluationProgress(
  output: Output,
): StatusLine<[{ done: number; total: number; task?: string | undefined }]> {
  return statusLine(output, ({ done, total, task }) => [
    ...(task === undefined ? [] : [task]),
    `${done}/${total} examples`,
  ]);
}
