import { expect, it } from 'vitest';
import { checkedFit } from './checked-fit.js';

const fit = { alpha: 2, xmin: 1, ks: 0.1, tail: 5, stderr: 0.5 };

it('lets a fit pass', () => {
  expect(checkedFit(fit, 'own', 5)).toBe(fit);
});

it.each([
  ['alpha', { ...fit, alpha: Number.NaN }],
  ['alpha', { ...fit, alpha: '2' }],
  ['alpha', { ...fit, alpha: -2 }],
  ['alpha', undefined],
  ['alpha', Promise.resolve(fit)],
  ['tail', { ...fit, tail: 6 }],
  ['tail', { ...fit, tail: 2.5 }],
  ['stderr', { ...fit, stderr: undefined }],
  ['lambda', { ...fit, lambda: 'q' }],
  ['fingers', { ...fit, fingers: -1 }],
])('names the field %s of %o', (field, answer) => {
  const check = () => checkedFit(answer as never, 'own', 5);
  expect(check).toThrow(`the estimator own answered a fit whose ${field} is`);
});
