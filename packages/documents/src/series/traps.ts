/**
 * Correlation traps over training: what they did from the first checkpoint that knows them to the last.
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
   * `single`: one checkpoint knows their number, which says nothing of a change. Of those that know it:
   * `none` at any; `appeared`: none at first, some at the last; `gone`: some, none at the last; otherwise
   * there at first and at last: `grew`, `shrank` or `stayed` says their number.
   */
  verdict: 'single' | 'none' | 'appeared' | 'grew' | 'stayed' | 'shrank' | 'gone';
  /** The first and the last checkpoint that know a number. */
  from: string;
  to: string;
  /** Of `appeared` and `gone`: the checkpoint since when it is so, without a break. */
  since?: string;
  /** Numbers at these two, and the largest of all. */
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
  const [{ count: first, name: from }, { count: last, name: to }] = [known[0]!, known.at(-1)!];
  const most = Math.max(...known.map(({ count }) => count));
  const numbers = { from, to, first, last, most };
  if (known.length === 1) return { verdict: 'single', ...numbers };
  if (most === 0) return { verdict: 'none', ...numbers };
  if (first > 0 && last > 0) {
    const verdict = last > first ? 'grew' : last < first ? 'shrank' : 'stayed';
    return { verdict, ...numbers };
  }
  const before = known.findLastIndex(({ count }) => count > 0 !== last > 0);
  const since = known[before + 1]!.name;
  return { verdict: last > 0 ? 'appeared' : 'gone', since, ...numbers };
}

/** The verdict in words: `none at step-100, appeared at step-400, 3 at step-900`. */
export function trapVerdictText(given: TrapVerdict): string {
  const { verdict, from, to, since, first, last, most } = given;
  const start = `${first || 'none'} at ${from}`;
  switch (verdict) {
    case 'single':
      return `${start}, the only one measured`;
    case 'none':
      return `none from ${from} to ${to}`;
    case 'appeared':
      return `${start}, appeared at ${since}${since === to ? ` with ${last}` : `, ${last} at ${to}`}`;
    case 'gone':
      return `${start}, ${most > first ? `${most} at most, ` : ''}gone since ${since}`;
    case 'stayed':
      return `stayed, ${first} at ${from} and ${to}`;
    default:
      return `${verdict} from ${first} at ${from} to ${last} at ${to}`;
  }
}
