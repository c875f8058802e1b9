import { expect, it } from 'vitest';
import { warningOf } from './alphas.js';

it.each([
  [1.99, 'over-trained'],
  [2, undefined],
  [6, undefined],
  [6.01, 'under-trained'],
  [8, 'under-trained'],
  [8.01, 'spurious'],
])('alpha %d: %s', (alpha, warning) => {
  expect(warningOf(alpha)).toBe(warning);
});
