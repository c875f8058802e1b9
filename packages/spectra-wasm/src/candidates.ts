/** The builds as every JavaScript engine compiles them. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Build, Candidate } from './load.js';

/**
 * The builds to try, the fastest first.
 * @throws AlphaLoraError `INVALID_OPTION` when the build is unknown
 */
export function portableCandidates(build: 'auto' | Build): Candidate[] {
  const builds: Build[] = build === 'auto' ? ['relaxed', 'simd'] : [build];
  if (!builds.every((name) => name === 'simd' || name === 'relaxed')) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `unknown WebAssembly build '${build}': use 'auto', 'simd' or 'relaxed'`,
    );
  }
  return builds.map((name) => ({
    build: name,
    wide: false,
    compile: (bytes) => WebAssembly.compile(bytes),
  }));
}
