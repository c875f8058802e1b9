/** Heavy-tailed self-regularization: spectra, tail fits and layer metrics of weight matrices. */

export { aggregateStacks, alternativeScores, reaggregated, scoringOf } from './aggregate.js';
export type {
  AnalysisProgress,
  AnalyzeOptions,
  AnalyzeWithOptions,
} from './analyze.js';
export { analyze, analyzeWith } from './analyze.js';
export type { DrawOptions } from './draws/index.js';
export { drawCount, drawsRecord } from './draws/index.js';
export { createReferenceEngine } from './engines/ml-matrix.js';
export { fixFinger } from './estimators/fix-finger.js';
export { hill } from './estimators/hill.js';
export { estimators } from './estimators/index.js';
export { ks } from './estimators/ks.js';
export type { FarmsOptions } from './farms.js';
export { farmsOptions, farmsUnit } from './farms.js';
export type { SpectralUnit } from './matrices.js';
export { describe, matrixOperations, operations, spectralUnits } from './matrices.js';
export type { MeasureControl, Measurement, MeasureOptions } from './measure.js';
export { measureRecord, measureUnit } from './measure.js';
export { defaultMetrics, metrics, needsRandomised, resolveMetrics } from './metrics/index.js';
export { unaskedReason, unfitReason } from './selection.js';
export { spectrum } from './spectrum.js';
export { mean, middle95 } from './statistics.js';
export { weightFromValues } from './values.js';
