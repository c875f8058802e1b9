/**
 * How spread out a vector is: WeightWatcher's metrics of singular vectors. The spectral engines
 * compute no vectors; these are for callers who have some.
 */

/**
 * exp(-|v| / 2) / sqrt(2 pi), |v| the Euclidean norm: WeightWatcher's vector entropy, after the
 * Porter-Thomas distribution. Despite its name it depends on the norm alone; for singular vectors of
 * norm 1 it is always 0.2420.
 */
export function vectorEntropy(vector: ArrayLike<number>): number {
  return Math.exp(-norm(vector, 2) / 2) / Math.sqrt(2 * Math.PI);
}

/** |v|_1 / |v|_inf: from 1, all in one component, to the length, all components alike. */
export function localizationRatio(vector: ArrayLike<number>): number {
  return norm(vector, 1) / largest(vector);
}

/** |v|_2 / |v|_4: from 1, all in one component, to the fourth root of the length. */
export function participationRatio(vector: ArrayLike<number>): number {
  return norm(vector, 2) / norm(vector, 4);
}

/** The p-norm, relative to the largest component so that its powers stay in range. */
function norm(vector: ArrayLike<number>, p: number): number {
  const scale = largest(vector);
  if (scale === 0) return 0;
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (Math.abs(vector[i]!) / scale) ** p;
  return scale * sum ** (1 / p);
}

function largest(vector: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < vector.length; i++) result = Math.max(result, Math.abs(vector[i]!));
  return result;
}
