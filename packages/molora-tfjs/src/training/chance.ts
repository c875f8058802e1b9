/**
 * Whether a model predicts no better than chance. One that finds every token equally likely has the
 * loss ln(vocabulary); a learning rate that is too high flattens a model to that, and the loss then
 * stays there, finite and steady.
 */

/** Of the losses at the end, the mean counts: a single batch may be hard. */
const LAST = 10;

/** The loss at chance is met by so much of it. */
const SHARE = 0.98;

/** Whether a loss in nats is no lower than where every token is equally likely. */
export function isAtChance(loss: number, vocabularySize: number): boolean {
  return loss >= SHARE * Math.log(vocabularySize);
}

/**
 * @param losses cross-entropies in nats, of the steps of a run or of one evaluation
 * @returns for people: what the loss says; undefined when it is lower than at chance
 */
export function chanceWarning(
  losses: readonly number[],
  vocabularySize: number,
): string | undefined {
  const chance = Math.log(vocabularySize);
  const last = losses.slice(-Math.min(LAST, Math.ceil(losses.length / 2)));
  const mean = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  if (last.length === 0 || !isAtChance(mean, vocabularySize)) return undefined;
  const what = `the loss of ${mean.toFixed(3)} is no lower than at chance: where all ${vocabularySize} tokens are equally likely it is ${chance.toFixed(3)}`;
  return !isAtChance(losses[0]!, vocabularySize)
    ? `${what}; it began at ${losses[0]!.toFixed(3)}, so that the training undid what the model knew: train with a lower learning rate`
    : what;
}
