/**
 * The engine with what only Node can do: V8 pairs 128-bit operations into 256-bit ones
 * (`--experimental-wasm-revectorize`, Node 22 and later), which doubles the speed.
 *
 * V8 reads its flags while it compiles, so they are set for the time of one synchronous compilation and
 * put back to their defaults. Without the baseline compiler and without lazy compilation, all code is
 * optimised before anything runs: the self-test judges the very code that computes later.
 */
import { setFlagsFromString } from 'node:v8';
import type { SpectralEngine } from '@alphalora/contracts';
import { createEngine } from './engine.js';
import { portableCandidates, type WasmEngineOptions } from './index.js';
import type { Candidate } from './load.js';

export interface NodeWasmEngineOptions extends WasmEngineOptions {
  /** Whether to use V8's experimental revectorisation. Default true; it must pass the self-test. */
  revectorize?: boolean;
}

/**
 * Like the portable `createWasmEngine`, and about twice as fast where Node can revectorise.
 * @throws AlphaLoraError `INVALID_OPTION` when the build is unknown
 */
export function createWasmEngine(options: NodeWasmEngineOptions = {}): SpectralEngine {
  const { build = 'auto', revectorize = true } = options;
  const candidates = portableCandidates(build);
  const use = revectorize && build !== 'simd' && canRevectorize();
  return createEngine(use ? [revectorized, ...candidates] : candidates);
}

const revectorized: Candidate = {
  build: 'relaxed',
  wide: true,
  compile(bytes) {
    setFlagsFromString('--experimental-wasm-revectorize');
    setFlagsFromString('--no-liftoff');
    setFlagsFromString('--no-wasm-lazy-compilation');
    try {
      return new WebAssembly.Module(bytes);
    } finally {
      setFlagsFromString('--no-experimental-wasm-revectorize');
      setFlagsFromString('--liftoff');
      setFlagsFromString('--wasm-lazy-compilation');
    }
  },
};

/** V8 12 of Node 22 brought it; older ones print a warning about an unknown flag. */
function canRevectorize(): boolean {
  return Number.parseInt(process.versions.node, 10) >= 22;
}
