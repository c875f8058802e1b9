/** A checkpoint less another one that it was trained from: what training changed. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Checkpoint } from '../checkpoint.js';
import { differenceWeight } from './difference.js';
import { weightPartners } from './partners.js';

/** Names that a message lists. */
const MOST_NAMED = 3;

/**
 * The checkpoint with W - W_base in place of each weight of two axes or more. Names are matched, and
 * block and role where they differ, so that the two may be of other formats and types. A weight without
 * a partner of its shape cannot be read, and says why; what only the base has is in the notes. Both are
 * taken over: closing the result closes them.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when one of the two is an adapter, or they share no projection
 */
export function subtractBase(checkpoint: Checkpoint, base: Checkpoint): Checkpoint {
  for (const { adapterFormat, source } of [checkpoint, base]) {
    if (adapterFormat === undefined) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${source} is an adapter, whose updates are differences already: measure it without a base`,
    );
  }
  const { pairs, without, more } = weightPartners(checkpoint, base, base.source);
  requireShared(checkpoint, base, without);
  const partners = new Map(pairs);
  const tensors = checkpoint.tensors.map((weight) => {
    const partner = partners.get(weight);
    if (partner) return differenceWeight(weight, partner);
    const reason = without.get(weight);
    return reason === undefined ? weight : { ...weight, unreadable: reason };
  });
  const notes = [...checkpoint.notes, ...base.notes];
  if (more.length > 0) {
    const names = some(more.map(({ name }) => name));
    notes.push(
      `${more.length} weights of ${base.source} are not in ${checkpoint.source}: ${names}`,
    );
  }
  return {
    ...checkpoint,
    base: base.source,
    tensors,
    notes: [...new Set(notes)],
    files: [...checkpoint.files, ...base.files],
    async close() {
      await Promise.all([checkpoint.close(), base.close()]);
    },
  };
}

/** Models that have nothing in common are two names that were mixed up. */
function requireShared(
  checkpoint: Checkpoint,
  base: Checkpoint,
  without: ReadonlyMap<unknown, string>,
): void {
  const projections = checkpoint.tensors.filter(
    ({ kind, shape }) => kind === 'projection' && shape.length >= 2,
  );
  if (projections.length === 0 || projections.some((weight) => !without.has(weight))) return;
  const [first] = projections;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `no projection of ${checkpoint.source} has a partner of its shape in ${base.source}: ` +
      `${first!.name} is ${without.get(first)}; give the model that it was trained from`,
  );
}

function some(names: readonly string[]): string {
  return names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ', ...' : '');
}
