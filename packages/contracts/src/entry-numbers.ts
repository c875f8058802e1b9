/** Random numbers and quantiles that are the same on every machine. */
export { middle95, quantile } from './quantiles.js';
export type { Random } from './random.js';
export { seededRandom, sfc32 } from './random.js';
