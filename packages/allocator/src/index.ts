/** From layer scores to LoRA experts: policies, budgets and exact integer rounding. */
export type { AllocateOptions } from './allocate.js';
export { allocate } from './allocate.js';
export type { Layer } from './layers.js';
export { layersOf } from './layers.js';
export type { LinearMap } from './parameters.js';
export { parametersPerExpert } from './parameters.js';
export { alphalora } from './policies/alphalora.js';
export { loadPolicy, policies } from './policies/index.js';
export { uniform } from './policies/uniform.js';
export type { Alternatives } from './robustness.js';
export { allocateRobustly } from './robustness.js';
export { roundings, roundShares } from './rounding/index.js';
