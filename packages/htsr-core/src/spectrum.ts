/**
 * The empirical spectral density of a unit: eigenvalues lambda = sigma^2 of W^T W, ascending, not
 * divided by N, times the unit's scale, pooled over the unit's matrices, without those that are zero to
 * working precision.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { SpectralEngine, SpectrumOptions } from '@alphalora/contracts/extensions';
import type { SpectralUnit } from './matrices.js';
import { numericalRank } from './rank.js';

/**
 * @throws AlphaLoraError `NO_SPECTRUM` when the weight is all zero, has rank one or no second
 * eigenvalue that the arithmetic resolves, or when its values are not finite
 */
export async function spectrum(
  unit: SpectralUnit,
  engine: SpectralEngine,
  options: SpectrumOptions = {},
): Promise<Float64Array> {
  const { onProgress } = options;
  const { eigenvalueScale = 1 } = unit;
  const count = unit.matrices.length;
  const spectra: Float64Array[] = [];
  let lost = false;
  for (const [done, matrix] of unit.matrices.entries()) {
    const values = await engine.singularValues(matrix, {
      ...options,
      onProgress: onProgress && ((part) => onProgress((done + part) / count)),
      onPrecision(precision, resolved) {
        lost ||= resolved > 0;
        options.onPrecision?.(precision, resolved);
      },
    });
    const rank = await numericalRank(matrix, values, options.signal);
    spectra.push(values.slice(0, rank).map((value) => eigenvalueScale * value * value));
  }
  const pooled = new Float64Array(spectra.reduce((sum, values) => sum + values.length, 0));
  let offset = 0;
  for (const values of spectra) {
    pooled.set(values, offset);
    offset += values.length;
  }
  if (pooled.length === 0) {
    throw new AlphaLoraError('NO_SPECTRUM', 'all values are zero', { details: { zero: true } });
  }
  if (pooled.length === 1) {
    const reason = lost
      ? 'all eigenvalues but one are too small for the arithmetic: use precision auto and more memory'
      : 'has rank one: a tail needs at least two eigenvalues';
    throw new AlphaLoraError('NO_SPECTRUM', reason);
  }
  return pooled.sort();
}
