/**
 * Metrics of classification. Predictions and labels are names of classes; a prediction that is
 * undefined is of no class.
 */

type Predictions = readonly (string | undefined)[];

/** Share of the predictions that are right; 0 of none. */
export function accuracy(predictions: Predictions, labels: readonly string[]): number {
  if (labels.length === 0) return 0;
  return predictions.filter((prediction, i) => prediction === labels[i]).length / labels.length;
}

/**
 * Matthews correlation of any number of classes (Gorodkin, Comput. Biol. Chem. 28, 2004, eq. 8; of
 * two classes Matthews' own): with c right of s predictions, p_k predictions and t_k labels of class k,
 *
 *   (c s - sum p_k t_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2))
 *
 * Predictions of no class are a class of their own. 0 where one class has all predictions or labels.
 */
export function matthewsCorrelation(predictions: Predictions, labels: readonly string[]): number {
  const predicted = counts(predictions);
  const actual = counts(labels);
  const s = labels.length;
  const c = predictions.filter((prediction, i) => prediction === labels[i]).length;
  let both = 0;
  for (const [name, count] of actual) both += count * (predicted.get(name) ?? 0);
  const spread = (of: ReadonlyMap<unknown, number>): number =>
    [...of.values()].reduce((rest, count) => rest - count * count, s * s);
  const scale = Math.sqrt(spread(predicted) * spread(actual));
  return scale === 0 ? 0 : (c * s - both) / scale;
}

/** F1 of one class: 2 tp / (2 tp + fp + fn); 0 where nothing is or is said to be of it. */
export function f1(predictions: Predictions, labels: readonly string[], positive: string): number {
  let [right, said, actual] = [0, 0, 0];
  for (const [i, label] of labels.entries()) {
    if (predictions[i] === positive) said++;
    if (label === positive) actual++;
    if (label === positive && predictions[i] === positive) right++;
  }
  return said + actual === 0 ? 0 : (2 * right) / (said + actual);
}

function counts<T>(items: readonly T[]): Map<T, number> {
  const found = new Map<T, number>();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}
