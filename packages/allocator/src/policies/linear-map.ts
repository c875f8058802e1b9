/**
 * The linear map that AlphaPruning, TempBalance and AlphaDecay share: the lowest score to `low`, the
 * highest to `high`.
 *
 *   f(q) = (q - q_min) / (q_max - q_min) * (high - low) + low
 *
 * Undefined where all scores are equal; nothing tells the layers apart then, and each gets 1.
 */
export function linearMap(scores: readonly number[], low: number, high: number): number[] {
  const least = scores.reduce((a, b) => Math.min(a, b));
  const range = scores.reduce((a, b) => Math.max(a, b)) - least;
  return scores.map((score) => (range > 0 ? ((score - least) / range) * (high - low) + low : 1));
}
