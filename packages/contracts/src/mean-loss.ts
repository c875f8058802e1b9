/** The loss of several steps of a training run as one number. */
import type { TrainingStep } from './training.js';

/**
 * Mean over all targets of the steps, in nats: a step counts by its targets, as batches of a run may
 * hold a thousand tokens or ten. Steps count alike where one does not say how many targets it has.
 *
 *     meanLoss([{ loss: 10, targets: 1 }, { loss: 4, targets: 3 }]); // 5.5
 *
 * @returns NaN for no steps
 */
export function meanLoss(steps: ReadonlyArray<Pick<TrainingStep, 'loss' | 'targets'>>): number {
  const known = steps.every(({ targets }) => targets !== undefined);
  let [sum, total] = [0, 0];
  for (const { loss, targets } of steps) {
    const weight = known ? targets! : 1;
    sum += weight * loss;
    total += weight;
  }
  return sum / total;
}
