/** Integers among the options. */
import { AlphaLoraError } from '@alphalora/contracts';

/** @throws AlphaLoraError `INVALID_OPTION` when `value` is no integer of at least `least` */
export function integer(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name} must be an integer of at least ${least}, not ${value}`,
  );
}
