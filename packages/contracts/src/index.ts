/** The documents and interfaces that cross package borders. No behaviour lives here. */
export type {
  AllocatedBlock,
  AllocatedProjection,
  Allocation,
  AllocationBudget,
  BlockRobustness,
  Robustness,
  Rounding,
} from './allocation.js';
export { alphaBounds, hasAlpha, warningOf } from './alphas.js';
export type {
  Aggregate,
  AnalysedRow,
  Analysis,
  AnalysisOptionsRecord,
  BlockRow,
  MatrixRow,
  ModelIdentity,
  SpectrumSummary,
  ToolIdentity,
  UnanalysedRow,
  Warning,
} from './analysis.js';
export { type Defined, defined } from './defined.js';
export type { DType, ElementType } from './element-types.js';
export { elementTypes } from './element-types.js';
export type { ErrorCode, ErrorDetails } from './errors.js';
export { AlphaLoraError, errorIn, isAlphaLoraError } from './errors.js';
export type { Exported, Exporter } from './exporter.js';
export type { CheckpointFormat, FormatContent, TokenizerDescription } from './formats.js';
export type { MetricContext, MetricGroup, RandomisedSpectrum, Resolution } from './metrics.js';
export { refusedOptions } from './options.js';
export type {
  AllocationPolicy,
  LayerFact,
  PolicyAnswer,
  PolicyBudget,
  PolicyLayer,
  PolicyRequest,
  PolicyTraits,
  Resource,
} from './policy.js';
export { middle95, quantile } from './quantiles.js';
export type { Random } from './random.js';
export { seededRandom, sfc32 } from './random.js';
export type { ReadyRegistry, Registry, RegistryOptions } from './registry.js';
export { createReadyRegistry, createRegistry } from './registry.js';
export { allocationSchema, analysisSchema, mostUnits, trainingStepSchema } from './schemas.js';
export type {
  EngineEntry,
  Precision,
  SpectralEngine,
  SpectrumOptions,
  TailEstimator,
  TailFit,
} from './spectra.js';
export type {
  Example,
  ExampleOption,
  Split,
  TaskScore,
  TrainingStep,
  TrainingTask,
} from './training.js';
export type {
  ByteSource,
  LowRankFactors,
  Matrix,
  SourceReference,
  StoredTensor,
  TensorDescription,
  WeightDescription,
  WeightKind,
  WeightTensor,
} from './weights.js';
