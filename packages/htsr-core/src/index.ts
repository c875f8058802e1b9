/** Heavy-tailed self-regularization: spectra, tail fits and layer metrics of weight matrices. */

export { hasAlpha, warningOf } from '@alphalora/contracts';
export type { AlternativeScores } from './aggregate.js';
export { aggregateBlocks, alternativeScores, reaggregated } from './aggregate.js';
export type {
  AnalysisProgress,
  AnalyzeOptions,
  AnalyzeWithOptions,
  DocumentOptions,
} from './analyze.js';
export { analyze, analyzeWith } from './analyze.js';
export { bootstrapAlphas } from './bootstrap.js';
export { createReferenceEngine } from './engines/ml-matrix.js';
export { clipXmax } from './estimators/clip-xmax.js';
export { fixFinger, fixFingerStrict } from './estimators/fix-finger.js';
export { hill } from './estimators/hill.js';
export { estimators } from './estimators/index.js';
export { ks } from './estimators/ks.js';
export { extendedTpl, tpl } from './estimators/truncated-power-law.js';
export type { FarmsOptions } from './farms.js';
export { farmsOptions, farmsUnit, windowsOf } from './farms.js';
export type { SpectralUnit } from './matrices.js';
export { describe, matrixOperations, operations, spectralUnits } from './matrices.js';
export type { MeasureControl, Measurement, MeasureOptions } from './measure.js';
export { measureRecord, measureUnit } from './measure.js';
export { detX } from './metrics/det-x.js';
export {
  computeMetrics,
  defaultMetrics,
  metrics,
  needsRandomised,
  resolveMetrics,
} from './metrics/index.js';
export type { MarchenkoPasturFit } from './metrics/marchenko-pastur.js';
export { marchenkoPastur } from './metrics/marchenko-pastur.js';
export { jensenShannonDistance } from './metrics/randomised.js';
export { randomisedSpectrum } from './metrics/randomised-spectrum.js';
export { unaskedReason, unfitReason } from './selection.js';
export { spectrum } from './spectrum.js';
export { mean, middle95, quantile } from './statistics.js';
export { summarize } from './summary.js';
export { weightFromValues } from './values.js';
