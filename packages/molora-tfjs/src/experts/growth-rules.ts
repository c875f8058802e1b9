/**
 * What DR-LoRA (arXiv 2601.04823) scores by: as its released code does it, and as the paper has it.
 *
 * Of each rank, importance rests on `|sum w dL/dw|` of its column of A and of its row of B. Both are the
 * same number but for rounding, as A and B act by their product: what one grows by, the other may.
 */
import * as tf from '@tensorflow/tfjs';

/** Of ranks, one number each. */
export interface Sides {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
}

export interface GrowthRule {
  /** What is added up over the tokens of a step, of gates [tokens, experts]. */
  measured(gates: tf.Tensor2D): tf.Tensor2D;
  /** @param now what was added up, by unit */
  frequency(before: readonly number[], now: readonly number[], tokens: number): number[];
  /** Whether frequencies start anew after an event, as importance does. */
  readonly resetsFrequency: boolean;
  importance(before: readonly number[], now: Sides): number[];
  /**
   * Ranks that an event gives a group of so many units, which lack `missing` ranks each at the start.
   * @param parts LoRAs of all units together
   */
  quota(missing: number, units: number, parts: number, events: number): number;
}

/** Weight of the past in moving averages. */
const PAST = 0.9;

export type GrowthRuleName = 'released' | 'paper';

export const growthRules: Readonly<Record<GrowthRuleName, GrowthRule>> = {
  /**
   * How often each expert was chosen, over the whole run; the sides of A and B added. The quota is counted
   * in LoRAs, and used up in units: with two LoRAs a unit, ranks have grown after half of the events.
   */
  released: {
    measured: (gates) => tf.cast(tf.notEqual(gates, 0), 'float32'),
    frequency: (before, now) => before.map((value, i) => PAST * value + now[i]!),
    resetsFrequency: false,
    // In the order of the backward pass, each as a step of the moving average.
    importance: (before, { a, b }) => smoothed(smoothed(before, b), a),
    quota: (missing, _units, parts, events) => Math.ceil((missing * parts) / events),
  },
  /** Mean gates, anew after each event; the sides of A and B multiplied. */
  paper: {
    measured: (gates) => gates,
    frequency: (before, now, tokens) =>
      smoothed(
        before,
        now.map((sum) => (tokens === 0 ? 0 : sum / tokens)),
      ),
    resetsFrequency: true,
    importance: (before, { a, b }) =>
      smoothed(
        before,
        before.map((_, i) => a[i]! * b[i]!),
      ),
    quota: (missing, units, _parts, events) => Math.ceil((missing * units) / events),
  },
};

/** Exponential moving average. */
function smoothed(before: readonly number[], now: ArrayLike<number>): number[] {
  return before.map((value, i) => PAST * value + (1 - PAST) * now[i]!);
}
