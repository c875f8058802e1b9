/** What a backend of TensorFlow.js needs before training computes with it. */
import { shareClonesOnWasm } from './tensorflow-internals.js';
import { prepareWebGpu } from './webgpu.js';

/** To be called before tensors are computed with; cheap when called again. */
export function prepareBackend(): void {
  shareClonesOnWasm();
  prepareWebGpu();
}
