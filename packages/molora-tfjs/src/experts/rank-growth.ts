/**
 * The arithmetic of DR-LoRA (arXiv 2601.04823): which units of a group get more ranks in an event. A unit
 * is what grows as one, such as an expert of the model with the LoRAs on its projections; a group has a
 * budget of its own, such as a layer.
 *
 *     saliency = (f + 1e-6) (g + 1e-6) / (r + 1)^1.2
 *
 * with f the share of a unit in the routing of its group, g its share in the importance, and r its rank:
 * what is used and still learns grows, what has grown steps back.
 */

/** By unit. */
export interface GroupScores {
  readonly ranks: readonly number[];
  /** How much the router gave it, in any measure. */
  readonly frequency: readonly number[];
  /** Of its active ranks, in any measure. */
  readonly importance: readonly number[];
}

export interface GrowthBounds {
  /** Ranks of each unit at the start, on average at the end, and at most. */
  readonly initial: number;
  readonly target: number;
  readonly max: number;
  /** Share of the ranks free at the start (`max - initial`) that one event may give a unit. */
  readonly share: number;
}

/** Of the released code: power of (r + 1), and what keeps a share of zero from deciding alone. */
const EXPONENT = 1.2;
const SMALL = 1e-6;

/** Of each unit. */
export function saliency({ ranks, frequency, importance }: GroupScores): number[] {
  const [used, learned] = [shares(frequency), shares(importance)];
  return ranks.map(
    (rank, unit) => ((used[unit]! + SMALL) * (learned[unit]! + SMALL)) / (rank + 1) ** EXPONENT,
  );
}

/**
 * Ranks of each unit after an event: the most salient get what one event may give them until the quota is
 * used up, or the budget, which is `target` ranks for each unit.
 *
 * @param quota ranks that the event gives the group
 */
export function grownRanks(scores: GroupScores, bounds: GrowthBounds, quota: number): number[] {
  const { initial, target, max, share } = bounds;
  const { ranks } = scores;
  const cap = Math.ceil(share * (max - initial));
  const used = ranks.reduce((sum, rank) => sum + rank, 0);
  let left = Math.min(quota, ranks.length * target - used);
  const salient = saliency(scores);
  const order = ranks.map((_, unit) => unit).sort((a, b) => salient[b]! - salient[a]! || a - b);
  const grown = [...ranks];
  for (const unit of order) {
    const gain = Math.max(0, Math.min(max - grown[unit]!, cap, left));
    grown[unit]! += gain;
    left -= gain;
  }
  return grown;
}

function shares(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / Math.max(sum, SMALL));
}
