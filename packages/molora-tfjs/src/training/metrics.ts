/**
 * Metrics of a run as JSON Lines: one object a step, appended while the run goes on. What was written
 * after the last checkpoint is cut off when a run resumes, as those steps are taken again.
 */
import type { StepReport } from './callbacks.js';

/** A line of metrics.jsonl; what depends on the machine's speed stands last. */
export interface MetricsLine extends Omit<StepReport, 'steps' | 'secondsLeft'> {}

export function metricsLine(report: StepReport): MetricsLine {
  const { step, epoch, loss, learningRate, gradientNorm, tokens, targets, tokensPerSecond } =
    report;
  return {
    step,
    epoch,
    loss,
    learningRate,
    gradientNorm,
    tokens,
    targets,
    ...(report.evaluation && { evaluation: report.evaluation }),
    tokensPerSecond,
  };
}

/** Ends with a line feed. */
export function formatMetrics(report: StepReport): string {
  return formatLine(metricsLine(report));
}

export function formatLine({ tokensPerSecond, ...line }: MetricsLine): string {
  return `${JSON.stringify({ ...line, tokensPerSecond })}\n`;
}

/**
 * How many characters the lines of steps up to `step` take, so that a file can be cut there. Counts
 * whole lines from the start, up to the first that is torn, no JSON or of a later step.
 *
 * @param text of metrics.jsonl, all ASCII: characters are bytes
 */
export function metricsLength(text: string, step: number): number {
  let length = 0;
  for (;;) {
    const end = text.indexOf('\n', length);
    if (end === -1) return length;
    const line = parseLine(text.slice(length, end));
    if (line === undefined || line.step > step) return length;
    length = end + 1;
  }
}

/** The lines that are whole; the last one may be torn where a run was killed. */
export function parseMetrics(text: string): MetricsLine[] {
  return text
    .split('\n')
    .map(parseLine)
    .filter((line) => line !== undefined);
}

function parseLine(text: string): MetricsLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null && 'step' in line
      ? (line as MetricsLine)
      : undefined;
  } catch {
    return undefined;
  }
}
