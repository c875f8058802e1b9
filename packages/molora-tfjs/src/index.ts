export type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  Tensors,
  TensorValues,
} from './adapter-spec.js';
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
export { createFrozenLinear, type FrozenLinear, frozenLinear } from './linear/frozen-linear.js';
export { matMul } from './linear/mat-mul.js';
export { createRouter, routers } from './routers/index.js';
export { type GateRule, linearRouter } from './routers/linear.js';
export type {
  Router,
  RouterFactory,
  RouterInput,
  RouterTensor,
  Routing,
} from './routers/router.js';
