/** Experts of a higher rank than an update of their matrix can have, min(inputs, outputs). */
import type { AdapterSpec } from './adapter-spec.js';

/** What people should know of them; undefined where there are none. */
export function excessRankNote({
  projections,
}: Pick<AdapterSpec, 'projections'>): string | undefined {
  const beyond = projections.filter(
    ({ inputs, outputs, ranks }) => Math.max(...ranks) > Math.min(inputs, outputs),
  );
  const [first] = beyond;
  if (!first) return undefined;
  const others = beyond.length > 1 ? ` and ${beyond.length - 1} more` : '';
  return (
    `experts of ${beyond.length} of ${projections.length} projections have a rank above the smaller ` +
    `side of their matrix, beyond which nothing is gained: ${first.name} (rank ${Math.max(...first.ranks)}, ` +
    `smaller side ${Math.min(first.inputs, first.outputs)})${others}`
  );
}
