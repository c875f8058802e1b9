import type { WeightTensor } from '@alphalora/contracts/weights';
import { expect, it } from 'vitest';
import { differenceWeight } from './difference.js';

it('reads no more than a few megabytes of each at a time, whatever is asked for', async () => {
  const count = 2 ** 21 + 5;
  const reads: number[] = [];
  const counting = (factor: number): WeightTensor => ({
    ...{ name: 'w', shape: [1, count], dtype: 'F32', kind: 'projection' },
    async read(start = 0, end = count) {
      reads.push(end - start);
      return Float32Array.from({ length: end - start }, (_, i) => factor * (start + i));
    },
  });
  const values = await differenceWeight(counting(3), counting(2)).read();
  // 3 i - 2 i, which float32 holds up to 2^24.
  expect([values[1], values[2 ** 20], values[2 ** 21 + 4]]).toEqual([1, 2 ** 20, 2 ** 21 + 4]);
  expect(reads.reduce((sum, length) => sum + length, 0)).toBe(2 * count);
  expect(Math.max(...reads) * Float32Array.BYTES_PER_ELEMENT).toBeLessThanOrEqual(4 * 2 ** 20);
});

it('is in float64 where one of the two is', async () => {
  const weight = (dtype: 'F32' | 'F64', value: number): WeightTensor => ({
    ...{ name: 'w', shape: [1, 1], dtype, kind: 'projection' },
    read: async () => (dtype === 'F64' ? Float64Array.of(value) : Float32Array.of(value)),
  });
  const difference = differenceWeight(weight('F64', 1 + 2 ** -40), weight('F32', 1));
  expect(difference.dtype).toBe('F64');
  expect([...(await difference.read())]).toEqual([2 ** -40]);
});
