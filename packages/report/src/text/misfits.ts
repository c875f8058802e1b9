/** What a cut that is given, not looked for, means for alphas. */
import type { MatrixRow } from '@alphalora/contracts';

/** Undefined where no measured row is marked. */
export function misfitsText(matrices: readonly MatrixRow[]): string | undefined {
  const rows = matrices.filter((row) => row.status === 'ok');
  const marked = rows.filter(({ misfit }) => misfit !== undefined).length;
  if (marked === 0) return undefined;
  const [are, their] =
    marked === 1 ? ['is', 'its alpha compares'] : ['are', 'their alphas compare'];
  return (
    `${marked} of ${rows.length} tails ${are} not an exact power law above the fixed cut: ${their} ` +
    'matrices at this cut and would be different at another, which the intervals do not include'
  );
}
