/** Refusals of budgets that no allocation within the bounds can meet, with what could be met. */
import { AlphaLoraError } from '@alphalora/contracts';

export interface Reach {
  total: number;
  /** What the minima and the maxima of all layers come to, in the unit of the total. */
  smallest: number;
  largest: number;
  /** What the total is shared out among, and within which bounds, e.g. `3 blocks with 1 to 4 each`. */
  among: string;
  /** What the user gave, which is what messages call it. @default 'total' */
  given?: 'total' | 'average';
  /** What the total counts, where that is not the unit itself, e.g. `trainable parameters`. */
  of?: string | undefined;
  /** Whether a higher `max` would help against a total that is too large. @default true */
  raisable?: boolean;
  /** Relative error of the total, where it is a product. @default 0 */
  slack?: number;
}

/** @throws AlphaLoraError `INFEASIBLE_BUDGET` saying the smallest or largest total within reach */
export function requireFeasible(reach: Reach): void {
  const {
    total,
    smallest,
    largest,
    among,
    given = 'total',
    of,
    raisable = true,
    slack = 0,
  } = reach;
  const details = { total, smallest, largest };
  const amount = `${given === 'average' ? 'an' : 'a'} ${given} of ${total}`;
  const what = of === undefined ? amount : `${amount} ${of}`;
  if (total < smallest * (1 - slack)) {
    throw new AlphaLoraError(
      'INFEASIBLE_BUDGET',
      `${what} is too small for ${among}: raise the ${given} to ${smallest} or lower min`,
      { details },
    );
  }
  if (total > largest * (1 + slack)) {
    throw new AlphaLoraError(
      'INFEASIBLE_BUDGET',
      `${what} is too large for ${among}: lower the ${given} to ${largest}` +
        (raisable ? ' or raise max' : ''),
      { details },
    );
  }
}

/** @throws AlphaLoraError `INFEASIBLE_BUDGET` where the bounds cross */
export function requireOrdered(min: number, max: number, where = ''): void {
  if (min <= max) return;
  throw new AlphaLoraError('INFEASIBLE_BUDGET', `min ${min} is above max ${max}${where}`, {
    details: { min, max },
  });
}
