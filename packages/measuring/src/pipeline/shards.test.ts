import { spectralUnits, weightFromValues } from '@alphalora/htsr-core';
import { describe, expect, it } from 'vitest';
import { assignShards } from './shards.js';

const unit = (name: string, rows: number, columns: number) =>
  spectralUnits(
    weightFromValues({ name, shape: [rows, columns], values: new Float32Array(rows * columns) }),
  )[0]!;

describe('assignShards', () => {
  it('gives every matrix to one shard and balances the work', () => {
    const units = Array.from({ length: 40 }, (_, i) => unit(`m${i}`, 4 + (i % 7), 6 + (i % 5)));
    const shards = assignShards(units, 4);
    expect([...shards.keys()].sort()).toEqual(units.map(({ name }) => name).sort());
    const sizes = [1, 2, 3, 4].map(
      (shard) => [...shards.values()].filter((owner) => owner === shard).length,
    );
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(8);
  });

  it('spreads equal matrices evenly', () => {
    const units = Array.from({ length: 6 }, (_, i) => unit(`m${i}`, 4, 4));
    expect([...assignShards(units, 3).values()]).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
