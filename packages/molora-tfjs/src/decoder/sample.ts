/**
 * The choice of the next token: the most likely, or one drawn at a temperature from the nucleus
 * (Holtzman et al., arXiv:1904.09751), the fewest tokens that hold `topP` of the probability.
 */

import { AlphaLoraError } from '@alphalora/contracts';
import type { Random } from '@alphalora/contracts/numbers';

export interface SamplingOptions {
  /** 0 takes the most likely token. @default 0 */
  temperature?: number;
  /** In (0, 1]. @default 1 */
  topP?: number;
}

/** @throws AlphaLoraError `INVALID_OPTION` for values out of range */
export function checkSampling({ temperature = 0, topP = 1 }: SamplingOptions): void {
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new AlphaLoraError('INVALID_OPTION', `temperature is ${temperature}; give 0 or more`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new AlphaLoraError('INVALID_OPTION', `topP is ${topP}; give more than 0, at most 1`);
  }
}

/** @param logits of one position, by token */
export function sampleToken(
  logits: Float32Array,
  { temperature = 0, topP = 1 }: SamplingOptions,
  random: Random,
): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  if (temperature === 0) return best;
  const weights = Float64Array.from(logits, (z) => Math.exp((z - logits[best]!) / temperature));
  const order = Array.from(weights.keys());
  if (topP < 1) order.sort((a, b) => weights[b]! - weights[a]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let nucleus = 0;
  let size = 0;
  while (size < order.length && (size === 0 || nucleus < topP * total)) {
    nucleus += weights[order[size++]!]!;
  }
  let rest = random() * nucleus;
  for (const token of order.slice(0, size)) {
    rest -= weights[token]!;
    if (rest < 0) return token;
  }
  return order[size - 1]!;
}
