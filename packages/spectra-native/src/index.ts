/** The spectral engine in compiled code for each processor: the same engine as the one in WebAssembly, faster. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { createEngine } from '@alphalora/spectra-wasm/host';
import { type InstructionSet, instructionSets, loadBinding } from './binding.js';
import { first } from './geometry.js';
import { nativeCandidate } from './instance.js';

export { type InstructionSet, instructionSets } from './binding.js';
export { nativeMemoryEstimate, nativeWorkEstimate } from './geometry.js';

export interface NativeEngineOptions {
  /**
   * The instruction set, which decides the last digits. `auto` (the default) takes the fastest that the
   * processor has and that passes the self-test.
   */
  build?: 'auto' | InstructionSet;
  /** Threads that work on one matrix together where a call does not say it. They change no bit. @default 1 */
  threads?: number;
  /** As in the engine in WebAssembly: bytes that solving a matrix again without squaring it may take. */
  maxMemory?: number;
}

/**
 * A spectral engine that computes all singular values of one matrix at a time in compiled code. It loads
 * when the first matrix arrives, or when its build is asked for, and fails then with `ENGINE_FAILED`
 * where no binary is installed for this platform, or none of its builds passes the self-test.
 * @throws AlphaLoraError `INVALID_OPTION` when the build is unknown, or `threads` is no count
 */
export function createNativeEngine(options: NativeEngineOptions = {}): SpectralEngine {
  const { build = 'auto', threads = 1, maxMemory } = options;
  if (build !== 'auto' && !instructionSets.includes(build)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `unknown build '${build}' of the native engine: use 'auto', ${instructionSets.map((name) => `'${name}'`).join(', ')}`,
    );
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new AlphaLoraError('INVALID_OPTION', `threads must be 1 to 256, not ${threads}`);
  }
  const candidates = () => {
    const binding = loadBinding();
    const sets = build === 'auto' ? binding.instructionSets() : [build];
    return sets.map((set) => nativeCandidate(binding, set));
  };
  return createEngine(candidates, {
    ...{ name: 'native', first },
    kind: { what: 'native', needs: 'the engine in WebAssembly needs no compiled code' },
    ...defined({ maxMemory, threads }),
  });
}
