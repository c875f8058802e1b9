/** Random numbers, quantiles, means of losses and what an alpha counts as: the same on every machine and in every package. */
export { scoredAlpha } from './alphas.js';
export { meanLoss } from './mean-loss.js';
export { middle95, quantile } from './quantiles.js';
export type { Random } from './random.js';
export { seededRandom, sfc32 } from './random.js';
