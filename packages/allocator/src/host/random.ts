/** Random numbers of a policy: the same seed gives the same sequence on every machine. */
import { type Random, sfc32 } from '@alphalora/contracts/numbers';

export function policyRandom(seed: number): Random {
  return sfc32(seed | 0, Math.floor(seed / 2 ** 32) | 0, 0);
}
