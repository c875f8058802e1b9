/** Model weights as lazily read, named tensors; runs in Node and the browser. */

export type { Adapter, AdapterFormat, AdapterSources, LoraUpdate } from './adapter/adapter.js';
export type { LoraModule, LoraPatterns } from './adapter/pattern-keys.js';
export { loraPatterns } from './adapter/pattern-keys.js';
export { readAdapter } from './adapter/read.js';
export type { AppliedAdapter } from './adapter/weights.js';
export type {
  Checkpoint,
  CheckpointFile,
  CheckpointOptions,
  CheckpointSources,
} from './checkpoint.js';
export { adapterCheckpoint, readCheckpoint } from './checkpoint.js';
export { changedMeanwhile } from './errors.js';
export { formats } from './formats/index.js';
export { isNameOfWeights } from './formats/names.js';
export type { SafetensorsContent, TensorData } from './formats/safetensors/serialize.js';
export { serializeSafetensors } from './formats/safetensors/serialize.js';
export { type NameInMemory, namesInMemory } from './naming/memory/index.js';
export { unwrappedName } from './naming/wrappers.js';
export { memorySource } from './sources/memory.js';
export { type WeightsPart, type WeightsSummary, weightsSummary } from './summary.js';
export type { PlainWeight, TensorPlace } from './tensors/recipe.js';
export { isFromFiles, plainWeight } from './tensors/recipe.js';
export { storedTensor } from './tensors/stored.js';
export { decodeValues } from './values/decode.js';
export type { FloatDType } from './values/encode.js';
export { encodeValues } from './values/encode.js';
export { storedBytes } from './values/sizes.js';
export type { WeightReader, WeightReaderOptions } from './weight-reader.js';
export { weightReader } from './weight-reader.js';
