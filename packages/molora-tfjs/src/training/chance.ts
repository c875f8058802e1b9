/**
 * Whether a model predicts no better than chance. One that finds every token equally likely has the
 * loss ln(vocabulary); a learning rate that is too high flattens a model to that, and the loss then
 * stays there, finite and steady.
 */

import type { TrainingStep } from '@alphalora/contracts';
import { meanLoss } from '@alphalora/contracts/numbers';

/** Of the losses at the end, the mean over all targets counts: a single batch may be hard, or small. */
const LAST = 10;

/** The loss at chance is met by so much of it. */
const SHARE = 0.98;

/** Whether a loss in nats is no lower than where every token is equally likely. */
export function isAtChance(loss: number, vocabularySize: number): boolean {
  return loss >= SHARE * Math.log(vocabularySize);
}

/**
 * @param steps their losses are cross-entropies in nats: of a run, or of one evaluation
 * @returns for people: what the loss says; undefined when it is lower than at chance
 */
export function chanceWarning(
  steps: ReadonlyArray<Pick<TrainingStep, 'loss' | 'targets'>>,
  vocabularySize: number,
): string | undefined {
  const [first] = steps;
  if (!first) return undefined;
  const chance = Math.log(vocabularySize);
  const mean = meanLoss(steps.slice(-Math.min(LAST, Math.ceil(steps.length / 2))));
  if (!isAtChance(mean, vocabularySize)) return undefined;
  const what = `the loss of ${mean.toFixed(3)} is no lower than at chance: where all ${vocabularySize} tokens are equally likely it is ${chance.toFixed(3)}`;
  return !isAtChance(first.loss, vocabularySize)
    ? `${what}; it began at ${first.loss.toFixed(3)}, so that the training undid what the model knew: train with a lower learning rate`
    : what;
}
