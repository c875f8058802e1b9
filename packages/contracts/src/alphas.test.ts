import { expect, it } from 'vitest';
import { hasFixedCut, warningOf } from './alphas.js';
import type { Analysis } from './analysis.js';

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

it.each<[string, boolean, string, object]>([
  ['hill', true, 'hill', {}],
  ['ks', false, 'ks', {}],
  [
    'an estimator of others with a row that its cut does not fit',
    true,
    'own',
    { misfit: 'no power law' },
  ],
])('the cut of %s is fixed: %s', (_, fixed, estimator, marks) => {
  const analysis = { options: { estimator }, matrices: [{ status: 'ok', ...marks }] };
  expect(hasFixedCut(analysis as unknown as Analysis)).toBe(fixed);
});
