/** Positions of Phi-3 with a long context (`_compute_longrope_parameters` of huggingface/transformers). */
import type { LongRope } from '../config.js';
import { invalid, type RopeSettings } from './settings.js';

interface Sizes {
  /** Numbers of a head that are rotated. */
  readonly rotated: number;
  /** Positions that the model is for, and those that it was pretrained on. */
  readonly positions: number;
  readonly originalPositions: number;
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` when there is not a factor for each pair that is rotated */
export function longRope(
  { short_factor, long_factor, factor, attention_factor }: RopeSettings,
  { rotated, positions, originalPositions }: Sizes,
): LongRope {
  const stretched = factor ?? positions / originalPositions;
  const usual =
    stretched <= 1 ? 1 : Math.sqrt(1 + Math.log(stretched) / Math.log(originalPositions));
  return {
    type: 'longrope',
    shortFactors: factors('short_factor', short_factor, rotated),
    longFactors: factors('long_factor', long_factor, rotated),
    originalPositions,
    attentionFactor: attention_factor ?? usual,
  };
}

function factors(name: string, given: number[] | undefined, rotated: number): readonly number[] {
  if (given?.length === rotated / 2) return given;
  throw invalid(
    `${name} of the positions has ${given?.length ?? 0} numbers, and ${rotated / 2} pairs of a head are rotated`,
  );
}
