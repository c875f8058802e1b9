/** Two checkpoints, weight by weight: which belong together, and what one has more than the other. */
export { type WeightPartners, weightPartners } from './partners.js';
export { subtractBase } from './subtract.js';
