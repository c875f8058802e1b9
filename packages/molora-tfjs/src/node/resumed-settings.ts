/** What a run resumes with when it gets more steps than it began with. */
import { AlphaLoraError } from '@alphalora/contracts';
import { learningRateAt } from '../training/schedules.js';
import type { TrainingOptions, TrainingSettings } from '../training/settings.js';
import type { TrainingState } from '../training/training-state.js';

/**
 * The settings that are asked for, but with the warm-up of the run where none is given: by default it
 * depends on the number of steps. What more steps do to the learning rates is told.
 *
 * @throws AlphaLoraError `INVALID_OPTION` where ranks grow by a plan for the steps of the run
 */
export function resumedSettings(
  { step, settings: before }: TrainingState,
  asked: TrainingSettings,
  options: {
    training?: TrainingOptions;
    dynamicRank?: unknown;
    onNote?: ((note: string) => void) | undefined;
  },
): TrainingSettings {
  const { training, dynamicRank, onNote } = options;
  if (asked.steps <= before.steps) return asked;
  if (dynamicRank) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the run has ${before.steps} steps, over which its ranks grow, and cannot get more: train on its adapter in another folder (--from)`,
    );
  }
  const { warmupSteps = before.warmupSteps } = training ?? {};
  const settings = { ...asked, warmupSteps };
  const rate = (at: number, of: TrainingSettings): string =>
    learningRateAt(at, { name: of.schedule, ...of }).toPrecision(3);
  const last = step > 0 ? `${rate(step - 1, before)} in step ${step}, ` : '';
  onNote?.(
    `${asked.steps} steps in place of ${before.steps}: from here on the learning rate is that of a run of ${asked.steps} steps (${asked.schedule}): ${last}${rate(step, settings)} in step ${step + 1}`,
  );
  return settings;
}
