export type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  Tensors,
  TensorValues,
} from './adapter-spec.js';
export type { AdapterBase, AdapterFiles, StoredAdapter } from './adapters/files.js';
export { mergedWeights } from './adapters/merge.js';
export { importPeft, type PeftExportOptions, peftFiles } from './adapters/peft.js';
export { type AdapterSources, readAdapterFiles } from './adapters/read.js';
export { adapterFiles } from './adapters/write.js';
export { type AdapterSpecRequest, adapterSpec } from './allocation.js';
export { type ObservedRouter, observeRouter } from './diagnostics/observed-router.js';
export { expertRedundancy } from './diagnostics/redundancy.js';
export { type ExpertUsage, expertUsage } from './diagnostics/usage.js';
export {
  type DynamicRank,
  type DynamicRankOptions,
  dynamicRank,
  withLargestRanks,
} from './dynamic-rank/dynamic-rank.js';
export { trimRanks } from './dynamic-rank/trim.js';
export {
  adaptedProjection,
  type ProjectionContext,
  type ProjectionOutput,
} from './experts/adapted-projection.js';
export { type CombineOptions, combineAdapters } from './experts/combine.js';
export {
  type AdapterTensor,
  initialTensors,
  projectionTensors,
} from './experts/initial-tensors.js';
export { isTrainable, parameterCount } from './experts/parameters.js';
export { type GenerateOptions, generate } from './generation/generate.js';
export { logLikelihoods } from './generation/log-likelihoods.js';
export { type SamplingOptions, sampleToken } from './generation/sample.js';
export { MoloraDense, type MoloraDenseArgs } from './keras/molora-dense.js';
export { createFrozenLinear, type FrozenLinear, frozenLinear } from './linear/frozen-linear.js';
export { matMul } from './linear/mat-mul.js';
export { createRouterLoss, type RouterLossRequest, routerLosses } from './losses/index.js';
export { mutualInformation } from './losses/mutual-information.js';
export type { RouterLoss } from './losses/router-loss.js';
export {
  type AdaptedModel,
  type AdaptedModelOptions,
  adaptedModel,
} from './models/adapted-model.js';
export { type DecoderConfig, decoderConfig, type RopeConfig } from './models/config.js';
export {
  type Decoder,
  type DecoderBlock,
  loadDecoder,
  projectionShape,
} from './models/decoder.js';
export { type AdapterOptions, type Logits, logits } from './models/forward.js';
export {
  type LanguageModelLoss,
  type LanguageModelLossOptions,
  languageModelLoss,
} from './models/loss.js';
export { type ProjectionRole, projectionName, projectionRoles } from './models/names.js';
export { checkSequences, checkTokens } from './models/vocabulary.js';
export {
  type Pretrainable,
  type PretrainableOptions,
  pretrainable,
} from './pretraining/pretrainable.js';
export { createRouter, routers } from './routers/index.js';
export { type GateRule, linearRouter } from './routers/linear.js';
export type {
  Router,
  RouterFactory,
  RouterInput,
  RouterTensor,
  Routing,
} from './routers/router.js';
export {
  type EvaluationOptions,
  evaluateByGeneration,
  evaluateByLikelihood,
  type TaskEvaluation,
} from './tasks/evaluate.js';
export { tasks } from './tasks/index.js';
export { createTokenizer, type Tokenizer } from './tokenizer.js';
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
