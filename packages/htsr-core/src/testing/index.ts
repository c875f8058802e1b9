/** Conformance kits of estimators, metrics and engines, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export { checkEngine, describeEngine } from './check-engine.js';
export { checkEstimator, describeEstimator } from './check-estimator.js';
export { checkMetrics, describeMetrics } from './check-metrics.js';
