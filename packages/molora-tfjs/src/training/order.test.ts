import { seededRandom } from '@alphalora/contracts/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EpochOptions, epochBatches } from './order.js';

const random = seededRandom(1);
const lengths = Array.from({ length: 1003 }, () => 1 + Math.floor(random() ** 2 * 200));
const base: EpochOptions = { lengths, batchSize: 8, groupByLength: false, seed: 10, epoch: 0 };

/** Positions that a batch occupies beyond its tokens. */
function padding(batches: readonly number[][]): number {
  return batches
    .map((batch) => batch.map((i) => lengths[i]!))
    .map((sizes) => sizes.length * Math.max(...sizes) - sizes.reduce((sum, n) => sum + n, 0))
    .reduce((sum, n) => sum + n, 0);
}

describe('the batches of an epoch', () => {
  it('hold every sequence once, in batches of the size but one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.nat(),
        (lengths, batchSize, groupByLength, epoch) => {
          const batches = epochBatches({ lengths, batchSize, groupByLength, seed: 1, epoch });
          const indices = batches.flat().sort((a, b) => a - b);
          expect(indices).toEqual(lengths.map((_, i) => i));
          expect(batches).toHaveLength(Math.ceil(lengths.length / batchSize));
          const partial = batches.filter((batch) => batch.length < batchSize);
          expect(partial.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([true, false])(
    'repeat with seed and epoch, and differ with either (grouped: %s)',
    (on) => {
      const options = { ...base, groupByLength: on };
      expect(epochBatches(options)).toEqual(epochBatches(options));
      expect(epochBatches({ ...options, epoch: 1 })).not.toEqual(epochBatches(options));
      expect(epochBatches({ ...options, seed: 11 })).not.toEqual(epochBatches(options));
    },
  );

  it('need less than a tenth of the padding when grouped', () => {
    const grouped = padding(epochBatches({ ...base, groupByLength: true }));
    expect(grouped).toBeLessThan(0.1 * padding(epochBatches(base)));
  });

  it('begin with the longest sequence when grouped, and do not fall in length after it', () => {
    const batches = epochBatches({ ...base, groupByLength: true });
    expect(Math.max(...batches[0]!.map((i) => lengths[i]!))).toBe(Math.max(...lengths));
    // Of 49 neighbours in the first pool a fall would be every one; by chance it is every other.
    const longest = batches.slice(1, 50).map((batch) => Math.max(...batch.map((i) => lengths[i]!)));
    const falls = longest.filter((length, i) => i > 0 && length < longest[i - 1]!).length;
    expect(falls).toBeGreaterThan(10);
    expect(falls).toBeLessThan(38);
  });
});
