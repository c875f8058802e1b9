import { expect, it } from 'vitest';
import { policyRandom } from './random.js';

// Allocations that are kept were drawn so.
it.each([
  [7, [4196707356, 3891143111, 2994695642]],
  [2 ** 40 + 3, [1527120167, 3802973599, 4199309263]],
  [-5, [1063490029, 4021764589, 546322687]],
])('the numbers of the seed %d are those of earlier versions', (seed, words) => {
  const random = policyRandom(seed);
  expect(Array.from({ length: 3 }, () => random() * 2 ** 32)).toEqual(words);
});
