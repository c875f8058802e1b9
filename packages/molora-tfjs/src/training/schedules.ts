/**
 * Learning rates over the steps of a run: a linear warm-up, then constant, linear to zero, or half a
 * cosine to zero (Loshchilov and Hutter, arXiv 1608.03983, without restarts).
 *
 * From the end of the warm-up on they are the schedules of the same names in Hugging Face
 * Transformers. The warm-up there starts at zero, so that a run's first step does nothing; here step
 * t of w gets (t + 1) / (w + 1), which is never zero and reaches 1 at the same step.
 */
import { AlphaLoraError } from '@alphalora/contracts';

export type ScheduleName = 'constant' | 'linear' | 'cosine';

/** Factor in [0, 1] from how far the run is past its warm-up, 0 to 1. */
const shapes: Readonly<Record<ScheduleName, (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

export const scheduleNames: readonly ScheduleName[] = Object.keys(shapes) as ScheduleName[];

export interface Schedule {
  readonly name: ScheduleName;
  /** The highest learning rate, reached when the warm-up ends. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Steps in all, the warm-up included. */
  readonly steps: number;
}

/**
 * The learning rate of a step.
 *
 * @param step counted from 0
 * @throws AlphaLoraError `INVALID_OPTION` when the step is none of the run's
 */
export function learningRateAt(
  step: number,
  { name, learningRate, warmupSteps, steps }: Schedule,
): number {
  if (!Number.isInteger(step) || step < 0 || step >= steps) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the schedule has steps 0 to ${steps - 1}, none of number ${step}`,
    );
  }
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  return learningRate * shapes[name]((step - warmupSteps) / (steps - warmupSteps));
}
