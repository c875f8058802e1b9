/** One line that says how far a training run or an evaluation is; only on a terminal. */
import type { StepReport } from '@alphalora/molora-tfjs';
import type { Output } from '../io.js';
import { duration } from './progress.js';

export interface StatusLine<Report> {
  update(report: Report): void;
  clear(): void;
}

export function trainingProgress(output: Output): StatusLine<StepReport> {
  return statusLine(output, ({ step, steps, loss, learningRate, tokensPerSecond, secondsLeft }) => [
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `rate ${learningRate.toExponential(1)}`,
    `${Math.round(tokensPerSecond).toLocaleString('en-US')} tokens/s`,
    `${duration(secondsLeft)} left`,
  ]);
}

export function evaluationProgress(output: Output): StatusLine<{ done: number; total: number }> {
  return statusLine(output, ({ done, total }) => [`${done}/${total} examples`]);
}

function statusLine<Report>(
  output: Output,
  parts: (report: Report) => string[],
): StatusLine<Report> {
  if (!output.isTTY) return { update() {}, clear() {} };
  return {
    update(report) {
      const text = parts(report).join('  ');
      output.write(`\r\x1b[K${text.slice(0, (output.columns ?? 80) - 1)}`);
    },
    clear() {
      output.write('\r\x1b[K');
    },
  };
}
