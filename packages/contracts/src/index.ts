/** The documents, the tagged error, and what every package needs to write plain data. No dependencies. */
export type {
  AllocatedBlock,
  AllocatedModel,
  AllocatedProjection,
  Allocation,
  AllocationBudget,
  BlockRobustness,
  Robustness,
  Rounding,
} from './allocation.js';
export { alphaBounds, hasAlpha, hasFixedCut, warningOf } from './alphas.js';
export type {
  AnalysedRow,
  Analysis,
  AnalysisOptionsRecord,
  BlockRow,
  MatrixRow,
  ModelIdentity,
  Scoring,
  SpectrumSummary,
  ToolIdentity,
  UnanalysedRow,
  Warning,
} from './analysis.js';
export type { Defined } from './defined.js';
export { defined } from './defined.js';
export type { ErrorCode, ErrorDetails } from './errors.js';
export { AlphaLoraError, errorIn, isAlphaLoraError } from './errors.js';
export { refusedOptions } from './options.js';
export type { Resource } from './policy.js';
export {
  allocationSchema,
  analysisSchema,
  mostUnits,
  scoresSchema,
  trainingStepSchema,
} from './schemas.js';
export type { Scores } from './scores.js';
export type { Precision } from './spectra.js';
export type { TrainingStep } from './training.js';
