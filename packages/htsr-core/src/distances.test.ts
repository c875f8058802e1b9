/** Distances by hand. */
import { expect, it } from 'vitest';
import { unitDistance } from './distances.js';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { spectralUnits } from './matrices.js';
import { weightFromValues } from './values.js';

const unit = (shape: number[], values: number[]) =>
  spectralUnits(weightFromValues({ name: 'w', shape, values: Float32Array.from(values) }))[0]!;
const engine = createReferenceEngine();

it('are norms of the difference, and the overlap where an engine is given', async () => {
  const [a, b] = [unit([2, 2], [1, 0, 0, 2]), unit([2, 2], [1, 0, 0, 0])];
  const { cka, ...norms } = await unitDistance(a, b, { engine });
  expect(norms).toEqual({ euclidean: 2, raw: 2, relative: Math.sqrt(4 / 5) });
  // A^T B has one element, 1; the norms of the Gram matrices are sqrt(1 + 16) and 1.
  expect(cka).toBeCloseTo(17 ** -0.25, 12);
  expect(await unitDistance(a, b)).toEqual(norms);
});

it('of equal weights are 0, and their overlap 1', async () => {
  const a = unit([2, 3], [1, 2, 3, 4, 5, 6]);
  const found = await unitDistance(a, a, { engine });
  expect(found).toMatchObject({ euclidean: 0, raw: 0, relative: 0 });
  expect(found.cka).toBeCloseTo(1, 12);
});

it('of kernels are means over positions, and whole', async () => {
  // Differences of 3 at the first position and 4 at the second.
  const [a, b] = [unit([2, 1, 2], [3, 4, 0, 0]), unit([2, 1, 2], [0, 0, 0, 0])];
  expect(await unitDistance(a, b)).toEqual({ euclidean: 3.5, raw: 5, relative: 1 });
  expect(await unitDistance(b, a)).toEqual({ euclidean: 3.5, raw: 5 });
});
