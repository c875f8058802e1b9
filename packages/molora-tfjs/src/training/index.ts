/** Training that can be interrupted at any step: of adapters, with ranks that grow, and of whole decoders; what gradients say before it. */
export {
  type BatchScores,
  type CalibrationOptions,
  type Calibrator,
  createCalibrator,
} from '../calibration/calibrate.js';
export {
  type DynamicRank,
  type DynamicRankOptions,
  dynamicRank,
  withLargestRanks,
} from '../experts/dynamic-rank.js';
export { trimRanks } from '../experts/trim-ranks.js';
export type { VariableGroup, VariableGroups } from './adamw.js';
export type {
  CallbackState,
  RunContext,
  StepReport,
  TrainingCallback,
} from './callbacks.js';
export { type EvaluateLossOptions, evaluateLoss } from './evaluate-loss.js';
export { type Pretrainable, type PretrainableOptions, pretrainable } from './pretrainable.js';
export {
  type EncodedExamples,
  type EncodeOptions,
  encodeExamples,
  type TokenSequence,
  tokenBatch,
} from './sequences.js';
export { type TrainingOptions, type TrainingSettings, trainingSettings } from './settings.js';
export { type TrainingRun, train } from './train.js';
export type { LossOptions, TokenBatch, Trainable } from './trainable.js';
export {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from './training-state.js';
