/** placeholder */
import type { Matrix } from '@alphalora/contracts';
export function firstPrecision(matrix: Matrix): 'f32' | 'f64' {
  return Math.min(matrix.rows, matrix.columns) < 2 ? 'f64' : 'f32';
}
export function isTrustworthy(singularValues: Float64Array): boolean {
  return singularValues.length > 0;
}
