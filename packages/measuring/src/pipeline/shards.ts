/** Division of a model's matrices over machines that do not talk to one another. */
import { operations, type SpectralUnit } from '@alphalora/htsr-core';

export interface Shard {
  /** From 1 to `count`. */
  index: number;
  count: number;
}

/**
 * The shard of every matrix by name: largest first, each to the shard with the least work so far.
 * It depends on the headers only, so all machines agree without talking.
 */
export function assignShards(units: readonly SpectralUnit[], count: number): Map<string, number> {
  const ordered = units
    .map((unit) => ({ name: unit.name, work: operations(unit) }))
    .sort((a, b) => b.work - a.work);
  const loads = new Array<number>(count).fill(0);
  const shards = new Map<string, number>();
  for (const { name, work } of ordered) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least]! += work;
    shards.set(name, least + 1);
  }
  return shards;
}
