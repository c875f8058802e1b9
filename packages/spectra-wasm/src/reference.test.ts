import { createReferenceEngine } from '@alphalora/htsr-core';
import { eigenvalueError, matrixOf, randomValues } from '@alphalora/testing/spectra/matrices';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

describe('against the reference engine (ml-matrix)', () => {
  const engine = createWasmEngine();
  const reference = createReferenceEngine();
  it.each([
    [1, 9],
    [40, 40],
    [150, 61],
    [61, 150],
    [130, 200],
  ])('%i x %i', async (rows, columns) => {
    const matrix = matrixOf(rows, columns, randomValues(rows * columns, 77));
    const expected = await reference.singularValues(matrix);
    expect(eigenvalueError(await engine.singularValues(matrix), expected)).toBeLessThan(1e-13);
  });
});
