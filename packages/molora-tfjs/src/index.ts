/**
 * Mixtures of LoRA experts on any linear map of TensorFlow.js: which projections get how many
 * experts, the layer itself, routers and their losses, adapters as files, whether experts are used.
 */
export type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  Tensors,
  TensorValues,
} from './adapters/adapter-spec.js';
export { type AdapterSpecRequest, adapterSpec } from './adapters/allocation.js';
export type { AdapterFiles, StoredAdapter } from './adapters/files.js';
export { mergedWeights } from './adapters/merge.js';
export { importPeft, peftFiles } from './adapters/peft.js';
export { type AdapterSources, readAdapterFiles } from './adapters/read.js';
export { adapterFiles } from './adapters/write.js';
export {
  adaptedProjection,
  type ProjectionContext,
  type ProjectionOutput,
} from './experts/adapted-projection.js';
export { combineAdapters } from './experts/combine.js';
export { initialTensors } from './experts/initial-tensors.js';
export { routerLosses } from './experts/losses/index.js';
export type { RouterLoss } from './experts/losses/router-loss.js';
export { observeRouter } from './experts/observed-router.js';
export { parameterCount } from './experts/parameters.js';
export { expertRedundancy } from './experts/redundancy.js';
export { createRouter, routers } from './experts/routers/index.js';
export { linearRouter } from './experts/routers/linear.js';
export type {
  Router,
  RouterFactory,
  RouterInput,
  RouterTensor,
  Routing,
} from './experts/routers/router.js';
export { type ExpertUsage, expertUsage } from './experts/usage.js';
export { MoloraDense } from './keras/molora-dense.js';
export { createFrozenLinear, type FrozenLinear } from './ops/frozen-linear.js';
