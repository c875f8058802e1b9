/** What an alpha outside of the usual range says, by WeightWatcher's bounds. */
import type { Warning } from '@alphalora/contracts';

/** Below this a layer is over-trained: its tail is heavier than that of any well-trained layer. */
const OVER_TRAINED = 2;
/** Above this it is under-trained. */
const UNDER_TRAINED = 6;
/** Above this the tail is hardly a power law, and alpha says little. */
const SPURIOUS = 8;

/** Undefined for the usual alphas, from 2 to 6. */
export function warningOf(alpha: number): Warning | undefined {
  if (alpha < OVER_TRAINED) return 'over-trained';
  if (alpha > SPURIOUS) return 'spurious';
  return alpha > UNDER_TRAINED ? 'under-trained' : undefined;
}
