/** What a model computes is worth nothing once it is not finite: NaN loses every comparison silently. */
import { AlphaLoraError } from '@alphalora/contracts';

/**
 * @param what for the message, such as `the loss of a batch`
 * @throws AlphaLoraError `ENGINE_FAILED`
 */
export function checkFinite(values: ArrayLike<number>, what: string): void {
  if (allFinite(values)) return;
  throw new AlphaLoraError(
    'ENGINE_FAILED',
    `${what} has NaN or infinity: weights of the model or the adapter are damaged or too large, or the backend computes wrong; check them, or take another backend`,
  );
}

export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
