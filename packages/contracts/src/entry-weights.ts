/** Weights as named matrices, where their bytes lie, and the types of their elements. */
export type { Distance } from './distance.js';
export type { CastType, DType, ElementType } from './element-types.js';
export { castTypes, elementTypes } from './element-types.js';
export { reasonOf } from './errors.js';
export { type Placed, pairsByPlace } from './pairs.js';
export { quantizationOf } from './quantization.js';
export { transposed } from './transposed.js';
export type {
  ByteSource,
  LowRankFactors,
  Matrix,
  SourceReference,
  StackPlace,
  StoredTensor,
  TensorDescription,
  WeightDescription,
  WeightKind,
  WeightTensor,
} from './weights.js';
