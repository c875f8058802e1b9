/** The fast spectral engine, for Node and the browser. `./node` adds what only Node can do. */
import { defined } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { type Build, portableCandidates } from './candidates.js';
import { createEngine } from './engine.js';

export type { Build } from './candidates.js';
export { memoryEstimate } from './memory.js';
export { workEstimate } from './work.js';

export interface WasmEngineOptions {
  /**
   * `simd` gives the same bits on every machine; `relaxed` is faster and rounds as the processor's fused
   * multiply-add does; `auto` (the default) takes `relaxed` where it exists and passes the self-test.
   */
  build?: 'auto' | Build;
  /**
   * Bytes that a matrix may take when it is solved again without squaring it, because its spectrum
   * reaches too far down for a Gram matrix. Where it would take more, the values of the Gram matrix
   * are returned, and `onPrecision` is told how far down they hold. Default: no limit.
   */
  maxMemory?: number;
}

/**
 * A spectral engine that computes all singular values of one matrix at a time in WebAssembly SIMD.
 * It loads when the first matrix arrives.
 * @throws AlphaLoraError `INVALID_OPTION` when the build is unknown
 */
export function createWasmEngine(options: WasmEngineOptions = {}): SpectralEngine {
  return createEngine(
    portableCandidates(options.build ?? 'auto'),
    defined({ maxMemory: options.maxMemory }),
  );
}
