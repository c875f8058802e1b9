/** Heavy-tailed self-regularization: spectra, tail fits and layer metrics of weight matrices. */
export { aggregateBlocks } from './aggregate.js';
export type { AnalysisProgress, AnalyzeOptions } from './analyze.js';
export { analyze } from './analyze.js';
export { createReferenceEngine } from './engines/ml-matrix.js';
export { fixFinger, fixFingerStrict } from './estimators/fix-finger.js';
export { hill } from './estimators/hill.js';
export { estimators, loadEstimator } from './estimators/index.js';
export { ks } from './estimators/ks.js';
export type { SpectralUnit } from './matrices.js';
export { describe, matrixOperations, operations, spectralUnits } from './matrices.js';
export { computeMetrics, metrics } from './metrics/index.js';
export { unaskedReason, unfitReason } from './selection.js';
export { spectrum } from './spectrum.js';
export { weightFromValues } from './values.js';
