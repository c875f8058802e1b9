/** Training a bigram model without TensorFlow.js. */
import type { TokenSequence } from '../training/sequences.js';

/**
 * Bigram regression, clipping and AdamW in double precision, written out: the gradient of a
 * row's logits is softmax minus one-hot, averaged over all targets.
 */
export function bigramByHand(
  data: readonly TokenSequence[],
  vocabulary: number,
  rates: readonly number[],
  { weightDecay, clipNorm }: { weightDecay: number; clipNorm: number },
): { losses: number[]; norms: number[]; table: number[] } {
  const n = vocabulary;
  const table = new Array<number>(n * n).fill(0);
  const m = table.slice();
  const v = table.slice();
  const [losses, norms]: [number[], number[]] = [[], []];
  rates.forEach((rate, step) => {
    const gradient = new Array<number>(n * n).fill(0);
    let [loss, count] = [0, 0];
    for (const { ids, weights } of data) {
      for (let t = 1; t < ids.length; t++) {
        if (weights[t] === 0) continue;
        count++;
        const exponentials = Array.from({ length: n }, (_, k) =>
          Math.exp(table[ids[t - 1]! * n + k]!),
        );
        const total = exponentials.reduce((sum, value) => sum + value, 0);
        loss -= Math.log(exponentials[ids[t]!]! / total);
        exponentials.forEach((value, k) => {
          gradient[ids[t - 1]! * n + k]! += value / total - (k === ids[t] ? 1 : 0);
        });
      }
    }
    const norm = Math.hypot(...gradient) / count;
    losses.push(loss / count);
    norms.push(norm);
    const scale = Math.min(1, clipNorm / norm) / count;
    gradient.forEach((sum, i) => {
      const g = sum * scale;
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const [meanM, meanV] = [m[i]! / (1 - 0.9 ** (step + 1)), v[i]! / (1 - 0.999 ** (step + 1))];
      table[i]! -= rate * (weightDecay * table[i]! + meanM / (Math.sqrt(meanV) + 1e-8));
    });
  });
  return { losses, norms, table };
}
