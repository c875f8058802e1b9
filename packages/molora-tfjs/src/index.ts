export type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  Tensors,
  TensorValues,
} from './adapters/adapter-spec.js';
export { type AdapterSpecRequest, adapterSpec } from './adapters/allocation.js';
export type { AdapterBase, AdapterFiles, StoredAdapter } from './adapters/files.js';
export { mergedWeights } from './adapters/merge.js';
export { importPeft, type PeftExportOptions, peftFiles } from './adapters/peft.js';
export { type AdapterSources, readAdapterFiles } from './adapters/read.js';
export { adapterFiles } from './adapters/write.js';
export {
  type AdaptedModel,
  type AdaptedModelOptions,
  adaptedModel,
} from './decoder/adapted-model.js';
export { type DecoderConfig, decoderConfig, type RopeConfig } from './decoder/config.js';
export {
  type Decoder,
  type DecoderBlock,
  loadDecoder,
  projectionShape,
} from './decoder/decoder.js';
export { type AdapterOptions, type Logits, logits } from './decoder/forward.js';
export { type GenerateOptions, generate } from './decoder/generate.js';
export { logLikelihoods } from './decoder/log-likelihoods.js';
export {
  type LanguageModelLoss,
  type LanguageModelLossOptions,
  languageModelLoss,
} from './decoder/loss.js';
export { type ProjectionRole, projectionName, projectionRoles } from './decoder/names.js';
export { type SamplingOptions, sampleToken } from './decoder/sample.js';
export { createTokenizer, type Tokenizer } from './decoder/tokenizer/tokenizer.js';
export { checkSequences, checkTokens } from './decoder/vocabulary.js';
export {
  adaptedProjection,
  type ProjectionContext,
  type ProjectionOutput,
} from './experts/adapted-projection.js';
export { type CombineOptions, combineAdapters } from './experts/combine.js';
export {
  type DynamicRank,
  type DynamicRankOptions,
  dynamicRank,
  withLargestRanks,
} from './experts/dynamic-rank.js';
export {
  type AdapterTensor,
  initialTensors,
  projectionTensors,
} from './experts/initial-tensors.js';
export { createRouterLoss, type RouterLossRequest, routerLosses } from './experts/losses/index.js';
export { mutualInformation } from './experts/losses/mutual-information.js';
export type { RouterLoss } from './experts/losses/router-loss.js';
export { type ObservedRouter, observeRouter } from './experts/observed-router.js';
export { isTrainable, parameterCount } from './experts/parameters.js';
export { expertRedundancy } from './experts/redundancy.js';
export { createRouter, routers } from './experts/routers/index.js';
export { type GateRule, linearRouter } from './experts/routers/linear.js';
export type {
  Router,
  RouterFactory,
  RouterInput,
  RouterTensor,
  Routing,
} from './experts/routers/router.js';
export { trimRanks } from './experts/trim-ranks.js';
export { type ExpertUsage, expertUsage } from './experts/usage.js';
export { MoloraDense, type MoloraDenseArgs } from './keras/molora-dense.js';
export { createFrozenLinear, type FrozenLinear, frozenLinear } from './ops/frozen-linear.js';
export { matMul } from './ops/mat-mul.js';
export {
  type EvaluationOptions,
  evaluateByGeneration,
  evaluateByLikelihood,
  type TaskEvaluation,
} from './tasks/evaluate.js';
export { tasks } from './tasks/index.js';
export { type AdamW, type AdamWOptions, type AdamWState, adamW } from './training/adamw.js';
export type {
  CallbackState,
  RunContext,
  StepReport,
  TrainingCallback,
} from './training/callbacks.js';
export { chanceWarning } from './training/chance.js';
export { type EvaluateLossOptions, evaluateLoss } from './training/evaluate-loss.js';
export { formatMetrics, type MetricsLine, parseMetrics } from './training/metrics.js';
export { type EpochOptions, epochBatches } from './training/order.js';
export {
  type Pretrainable,
  type PretrainableOptions,
  pretrainable,
} from './training/pretrainable.js';
export {
  learningRateAt,
  type Schedule,
  type ScheduleName,
  scheduleNames,
} from './training/schedules.js';
export {
  type EncodedExamples,
  type EncodeOptions,
  encodeExamples,
  type TokenSequence,
  tokenBatch,
} from './training/sequences.js';
export {
  type TrainingOptions,
  type TrainingSettings,
  trainingSettings,
} from './training/settings.js';
export { type TrainingRun, train } from './training/train.js';
export type { LossOptions, TokenBatch, Trainable } from './training/trainable.js';
export {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from './training/training-state.js';
