/**
 * The arithmetic of DR-LoRA (arXiv 2601.04823): which experts of a projection get more ranks. Here a
 * projection takes the place of the paper's layer, with its own experts, budget and quota.
 *
 *     saliency = f g / (r + 1)^1.2
 *
 * with f the smoothed routing weight of the expert, g the smoothed |w dL/dw| averaged over its active
 * ranks, and r their number: what is used and still learns grows, what has grown steps back.
 */

/** Scores of one projection; every ranks of an expert come first in its part of the packed columns. */
export interface ProjectionScores {
  /** Active ranks of each expert. */
  readonly ranks: readonly number[];
  /** Smoothed mean gate of each expert. */
  readonly frequency: readonly number[];
  /** Smoothed |w dL/dw| of each packed column, summed over its column of A and row of B. */
  readonly importance: readonly number[];
}

export interface GrowthRule {
  /** Ranks of each expert at the start, on average at the end, and at most. */
  readonly initial: number;
  readonly target: number;
  readonly max: number;
  /** Share of the ranks free at the start (`max - initial`) that one event may give an expert. */
  readonly share: number;
  /** Power of (r + 1) in the saliency. */
  readonly exponent: number;
}

/** Saliency of each expert. @param max columns of each expert */
export function saliency(
  { ranks, frequency, importance }: ProjectionScores,
  { max, exponent }: Pick<GrowthRule, 'max' | 'exponent'>,
): number[] {
  return ranks.map((rank, expert) => {
    const active = importance.slice(expert * max, expert * max + rank);
    const mean = active.reduce((sum, value) => sum + value, 0) / rank;
    return (frequency[expert]! * mean) / (rank + 1) ** exponent;
  });
}

/** Ranks of each expert after an event. @param events growth events of the whole run */
export function grownRanks(scores: ProjectionScores, rule: GrowthRule, events: number): number[] {
  const { initial, target, max, share } = rule;
  const cap = Math.ceil(share * (max - initial));
  const { ranks } = scores;
  const budget = ranks.length * target;
  const used = ranks.reduce((sum, rank) => sum + rank, 0);
  let quota = Math.min(Math.ceil((ranks.length * (target - initial)) / events), budget - used);
  const salient = saliency(scores, rule);
  const order = ranks.map((_, expert) => expert).sort((a, b) => salient[b]! - salient[a]! || a - b);
  const grown = [...ranks];
  for (const expert of order) {
    const gain = Math.max(0, Math.min(max - grown[expert]!, cap, quota));
    grown[expert]! += gain;
    quota -= gain;
  }
  return grown;
}

/** Exponential moving average. */
export function smoothed(
  before: readonly number[],
  now: ArrayLike<number>,
  keep: number,
): number[] {
  return before.map((value, i) => keep * value + (1 - keep) * now[i]!);
}
