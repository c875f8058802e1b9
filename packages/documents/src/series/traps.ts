/**
 * Correlation traps over training: what they did from the first checkpoint to the last.
 *
 * A trap is an eigenvalue that stands out of the Marchenko-Pastur bulk of the matrix with its elements
 * in random order, where no correlation is left that could make one: a few elements are far too large.
 * WeightWatcher (0.7.5.5, `analyze(randomize=True)`) counts them as `rand_num_spikes`: eigenvalues of the
 * shuffled matrix above the upper edge by more than the square root of its Tracy-Widom scale.
 */

/** WeightWatcher's number of traps of a matrix. */
export const trapMetric = 'rand_num_spikes';

export interface TrapVerdict {
  /**
   * `none` at any checkpoint; `appeared`: none at first, some at the last; `gone`: some, none at the
   * last; otherwise there at first and at last: `grew`, `shrank` or `stayed` says their number.
   */
  verdict: 'none' | 'appeared' | 'grew' | 'stayed' | 'shrank' | 'gone';
  /** Of `appeared` and `gone`: the checkpoint since when it is so, without a break. */
  since?: string;
  /** Numbers at the first and the last checkpoint that knows one, and the largest of all. */
  first: number;
  last: number;
  most: number;
}

/**
 * @param names of the checkpoints
 * @param counts traps at each; null where they are not known
 * @returns undefined where no checkpoint knows
 */
export function trapVerdict(
  names: readonly string[],
  counts: ReadonlyArray<number | null>,
): TrapVerdict | undefined {
  const known = counts.flatMap((count, i) => (count === null ? [] : [{ count, name: names[i]! }]));
  if (known.length === 0) return undefined;
  const [first, last] = [known[0]!.count, known.at(-1)!.count];
  const most = Math.max(...known.map(({ count }) => count));
  const numbers = { first, last, most };
  if (most === 0) return { verdict: 'none', ...numbers };
  if (first > 0 && last > 0) {
    const verdict = last > first ? 'grew' : last < first ? 'shrank' : 'stayed';
    return { verdict, ...numbers };
  }
  const before = known.findLastIndex(({ count }) => count > 0 !== last > 0);
  const since = known[before + 1]!.name;
  return { verdict: last > 0 ? 'appeared' : 'gone', since, ...numbers };
}

/** The verdict in words: `appeared at step-400, 3 at the last`. */
export function trapVerdictText({ verdict, since, first, last, most }: TrapVerdict): string {
  switch (verdict) {
    case 'none':
      return 'none';
    case 'appeared':
      return `appeared at ${since}, ${last} at the last`;
    case 'gone':
      return `gone since ${since}, ${most} at most`;
    case 'stayed':
      return `stayed, ${first} at the first and the last`;
    default:
      return `${verdict} from ${first} to ${last}`;
  }
}
