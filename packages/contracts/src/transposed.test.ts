import { expect, it } from 'vitest';
import { transposed } from './transposed.js';

it('turns rows into columns, of a copy', () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect([...transposed(values, 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(transposed(new Float64Array(3), 3, 1)).toBeInstanceOf(Float64Array);
});
