/** From layer scores to experts, ranks, bits and more: policies, budgets, exact apportionment. */
export type { AllocateOptions } from './allocate.js';
export { allocate } from './allocate.js';
export type { ApportionRequest } from './apportion/index.js';
export { apportion } from './apportion/index.js';
export type { BudgetOptions } from './budget/budget.js';
export type {
  AllocationJob,
  Candidate,
  Change,
  PoliciesToCompare,
  PolicyComparison,
} from './compare-policies.js';
export { comparePolicies } from './compare-policies.js';
export { defaultPolicy, defaultTotal } from './defaults.js';
export { definePolicy, requirePolicy } from './define-policy.js';
export type { EmptyBlock, Layer, ScoredLayer } from './layers.js';
export { emptyBlocks, layersFromScores, layersOf } from './layers.js';
export type { LinearMap, NamedLinearMap } from './parameters.js';
export { parametersPerExpert } from './parameters.js';
export { alphalora } from './policies/alphalora.js';
export { policies } from './policies/index.js';
export { uniform } from './policies/uniform.js';
export type { Alternatives } from './robustness.js';
export { allocateRobustly } from './robustness.js';
export { roundings, roundShares } from './rounding/index.js';
export type { Score } from './scores.js';
export { areOfProjections, parseScores, scoredBy, scoresOfBlocks, withScores } from './scores.js';
