/** From spectra to block scores by each candidate, and from those to allocations before rounding. */
import {
  aggregateBlocks,
  estimators,
  hill,
  measureUnit,
} from '../../packages/htsr-core/dist/index.js';

const fixFinger = await estimators.load('fix-finger');
const ks = await estimators.load('ks');

/** In the order of the design: see README.md. */
export const candidates = [
  { name: 'published', estimator: fixFinger, aggregate: 'mean' },
  { name: 'hill-half', estimator: hill({ share: 0.5 }), aggregate: 'mean' },
  { name: 'ks', estimator: ks, aggregate: 'mean' },
  { name: 'capped', estimator: fixFinger, aggregate: 'mean', cap: 8 },
  { name: 'hill-quarter', estimator: hill({ share: 0.25 }), aggregate: 'geometric' },
  { name: 'hill-tenth', estimator: hill({ share: 0.1 }), aggregate: 'geometric' },
  { name: 'ks-capped', estimator: ks, aggregate: 'mean', cap: 8 },
  { name: 'ks-geometric', estimator: ks, aggregate: 'geometric', cap: 8 },
  { name: 'capped-geometric', estimator: fixFinger, aggregate: 'geometric', cap: 8 },
  { name: 'bagged', estimator: fixFinger, bag: 64, aggregate: 'geometric' },
];

const PER_BLOCK = 5;
const BETA = 2.5;

/**
 * Rows as an analysis has them.
 *
 * @param model `[{ name, block, eigenvalues }]`, eigenvalues ascending
 */
export async function rowsOf(model, { estimator, bag }) {
  const rows = [];
  for (const { name, block, eigenvalues } of model) {
    const side = eigenvalues.length;
    const matrix = { name, rows: side, columns: side, dtype: 'F64' };
    const unit = {
      name,
      shape: [side, side],
      dtype: 'F64',
      kind: 'projection',
      block,
      matrices: [matrix],
    };
    const singularValues = async () => Float64Array.from(eigenvalues, Math.sqrt).reverse();
    const options = { estimator, seed: 0, draws: 0, metrics: ['none'], ...(bag && { bag }) };
    try {
      const measured = await measureUnit(unit, {
        ...options,
        engine: { name: 'given', singularValues },
      });
      rows.push({
        name,
        block,
        shape: [side, side],
        dtype: 'F64',
        kind: 'projection',
        status: 'ok',
        ...measured,
      });
    } catch (error) {
      if (error.code !== 'NO_SPECTRUM') throw error;
    }
  }
  return rows;
}

/** Of the blocks; those without a fit have the mean of the others, as an allocation gives them. */
export function scoresOf(rows, blocks, { aggregate, cap }) {
  const alphas = aggregateBlocks(rows, blocks, { aggregate, ...(cap && { cap }) }).map(
    ({ alpha }) => alpha,
  );
  const known = alphas.filter((alpha) => alpha !== undefined);
  const mean = known.reduce((sum, alpha) => sum + alpha, 0) / known.length;
  return alphas.map((alpha) => alpha ?? mean);
}

/** Experts of each block, before rounding. */
export function experts(scores) {
  const weights = scores.map((score) => score ** BETA);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => (PER_BLOCK * scores.length * weight) / sum);
}

/** Sum of absolute differences. */
export function distance(a, b) {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0);
}

/** In percent of the budget. */
export function percent(scores, others) {
  return (100 * distance(experts(scores), experts(others))) / (PER_BLOCK * scores.length);
}
