/** How long it still takes, from the work that was done so far and what was expected at first. */

export interface WorkDone {
  done: number;
  total: number;
  /** Of what is done: what was found, which took no time. */
  found: number;
  /** Units that are not finished, of which at most `lanes` are worked on. */
  remaining: number;
}

/** Seconds before which nothing is known. */
const FIRST = 2;
/** Seconds of experience that the expected speed counts as. */
const TRUST = 5;

/**
 * @param params.lanes units at once
 * @param params.expected work that a lane does in a second, where that is known in advance
 * @param params.now seconds of a steady clock
 * @returns seconds; undefined as long as they are not known
 */
export function timeLeft(params: {
  lanes: number;
  expected: number | undefined;
  now?: () => number;
}): (state: WorkDone) => number | undefined {
  const { lanes, expected, now = () => performance.now() / 1000 } = params;
  const started = now();
  const [trust, before] = expected === undefined ? [0, 0] : [TRUST, TRUST * lanes * expected];
  return ({ done, total, found, remaining }) => {
    const elapsed = now() - started;
    const computed = done - found;
    if (elapsed < FIRST || computed + before <= 0) return undefined;
    const speed = (computed + before) / (elapsed + trust);
    const busy = Math.min(1, Math.max(1, remaining) / lanes);
    return (total - done) / (speed * busy);
  };
}
