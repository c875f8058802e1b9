export type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  Tensors,
  TensorValues,
} from './adapter-spec.js';
export { mergedWeights } from './adapters/merge.js';
export { importPeft, type PeftExportOptions, peftFiles } from './adapters/peft.js';
export { type AdapterSources, readAdapterFiles, type StoredAdapter } from './adapters/read.js';
export { type AdapterBase, type AdapterFiles, adapterFiles } from './adapters/write.js';
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
export {
  type AdapterTensor,
  initialTensors,
  projectionTensors,
} from './experts/initial-tensors.js';
export { isTrainable, parameterCount } from './experts/parameters.js';
export { type GenerateOptions, generate } from './generation/generate.js';
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
export { createRouter, routers } from './routers/index.js';
export { type GateRule, linearRouter } from './routers/linear.js';
export type {
  Router,
  RouterFactory,
  RouterInput,
  RouterTensor,
  Routing,
} from './routers/router.js';
export { createTokenizer, type Tokenizer } from './tokenizer.js';
