/** A model measured on one machine: threads, cache, memory limit, shards, models on the hub. Node only. */
export {
  type CompressedAdapter,
  type CompressionTarget,
  compressAdapter,
} from './adapters/compress.js';
export { type DescribedUpdate, describeUpdates } from './adapters/describe.js';
export type { AnalyzeModelOptions } from './analyze-model.js';
export { analyzeModel } from './analyze-model.js';
export { engines } from './engines/index.js';
export type { Forecast, ForecastMatrix } from './forecast/forecast.js';
export { forecastModel } from './forecast/forecast.js';
export { mergeParts } from './merge.js';
export type { ModelProgress } from './model-progress.js';
export type { ModelAccess } from './models/access.js';
export type { RemoteSettings } from './models/environment.js';
export { defaultCacheFolder, remoteSettings } from './models/environment.js';
export type { ModelOptions, ModelReference, OpenedModel } from './models/open.js';
export { openModel } from './models/open.js';
export { fileState, fileStates } from './models/state.js';
export { listDigest } from './pipeline/digest.js';
export type { Measured, Measurer, MeasurerSettings } from './pipeline/measurer.js';
export { measurableUnits } from './pipeline/measurer.js';
export type { MemoryGate } from './pipeline/memory-gate.js';
export { memoryGate } from './pipeline/memory-gate.js';
export type { Pipeline, Work } from './pipeline/pipeline.js';
export { buildOf, roomFor, sampledUnit } from './pipeline/pipeline.js';
export { createPool } from './pipeline/pool.js';
export type { Shard } from './pipeline/shards.js';
export type { MeasuringOptions } from './plan.js';
export type { Preparation } from './preparation.js';
export { schemeOf, sources } from './sources/index.js';
export type { ProxySettings } from './sources/proxy.js';
export type { ModelSource } from './sources/source.js';
export { tool } from './version.js';
