/** `--fail-on`: thresholds on an analysis, so that a pipeline can stop at a model that looks wrong. */
import type { Analysis } from '@alphalora/contracts';
import { crossings, type Threshold } from '@alphalora/documents';
import type { Output } from '../io.js';
import { tell } from './printable.js';

/** Crossings that a message lists one by one. */
const MOST_NAMED = 10;

/** Names what crossed which threshold. @returns whether anything did */
export function reportCrossings(
  analysis: Analysis,
  thresholds: readonly Threshold[],
  stderr: Output,
): boolean {
  let crossed = false;
  for (const threshold of thresholds) {
    const found = crossings(analysis, threshold);
    for (const { name, value } of found.slice(0, MOST_NAMED)) {
      // A value so close to the limit that rounding would hide the crossing is shown in full.
      const short = Number(value.toPrecision(6));
      const shown = short === threshold.limit ? value : short;
      tell(stderr, `--fail-on ${threshold.text}: ${name} has ${shown}`);
    }
    const more = found.length - MOST_NAMED;
    if (more > 0) tell(stderr, `--fail-on ${threshold.text}: and ${more} more`);
    crossed ||= found.length > 0;
  }
  return crossed;
}
