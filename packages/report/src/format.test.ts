import { expect, it } from 'vitest';
import { count, decimal, duration, list, plain, powerOfTen, shape, significant } from './format.js';

it.each([
  [2.345, '2.35'],
  [-0.5, '\u22120.50'],
  [-0.004, '0.00'],
  [123456, '123456'],
  [4.2e9, '4.20e9'],
  [Number.NaN, 'not finite'],
])('decimal %d', (value, text) => expect(decimal(value)).toBe(text));

it.each([
  [18, '18'],
  [65.72, '65.7'],
  [20.04, '20.0'],
  [1234.5, '1235'],
  [0.00012, '1.20e\u22124'],
  [26_600_000, '2.66e7'],
])('significant %d', (value, text) => expect(significant(value)).toBe(text));

it('writes what was chosen as it is', () => {
  expect([2.5, 0.1 + 0.2, 6].map(plain)).toEqual(['2.5', '0.3', '6']);
  expect([-3, 0, 12].map(powerOfTen)).toEqual(['10⁻³', '10⁰', '10¹²']);
});

it('lists and counts', () => {
  expect(list(['a'])).toBe('a');
  expect(list(['a', 'b', 'c'])).toBe('a, b and c');
  expect(list(['a', 'b', 'c', 'd'], 3)).toBe('a, b and 2 more');
  expect([count(1, 'block'), count(1200, 'matrix', 'matrices')]).toEqual([
    '1 block',
    '1,200 matrices',
  ]);
  expect([shape([2, 3]), shape([])]).toEqual(['2 × 3', 'a single number']);
  expect([8.25, 612.4, 9000].map(duration)).toEqual(['8.25 seconds', '10.2 minutes', '2.5 hours']);
});
