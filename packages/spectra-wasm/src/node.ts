/**
 * The engine with what only Node can do: V8's experimental flags.
 *
 * - Node 24 and later pair 128-bit operations into 256-bit ones (`--experimental-wasm-revectorize`). Node
 *   22 has the flag, but its V8 gives up on sums that run through a loop, which is all a kernel is.
 * - Node 20 has relaxed SIMD behind `--experimental-wasm-relaxed-simd`.
 *
 * V8 reads its flags while it compiles, so they are set for the time of one synchronous compilation and
 * put back to their defaults. Without the baseline compiler and without lazy compilation, all code is
 * optimised before anything runs: the self-test judges the very code that computes later.
 *
 * Flags belong to the process. Threads that compile at the same moment may take them from one another;
 * their code is then slower until V8 optimises it, and gives the same bits.
 */
import { setFlagsFromString } from 'node:v8';
import { defined } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { portableCandidates, wasmCandidate } from './candidates.js';
import { createEngine } from './engine.js';
import type { WasmEngineOptions } from './index.js';
import type { Candidate } from './load.js';

export interface NodeWasmEngineOptions extends WasmEngineOptions {
  /**
   * Whether V8's experimental flags may be set while the module compiles. Default true; the code must
   * pass the self-test, else the portable builds are used.
   */
  experimental?: boolean;
}

/**
 * Like the portable `createWasmEngine`, and about twice as fast where Node can revectorise.
 * @throws AlphaLoraError `INVALID_OPTION` when the build is unknown
 */
export function createWasmEngine(options: NodeWasmEngineOptions = {}): SpectralEngine {
  const { build = 'auto', experimental = true, maxMemory } = options;
  const flagged = experimental && build !== 'simd' ? flaggedCandidates() : [];
  return createEngine([...flagged, ...portableCandidates(build)], defined({ maxMemory }));
}

function flaggedCandidates(): Candidate[] {
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= 24) return [revectorized];
  return major < 22 ? [relaxedBehindFlag] : [];
}

const revectorized: Candidate = wasmCandidate({
  build: 'relaxed',
  wide: true,
  compile: (bytes) => compileWith(['experimental-wasm-revectorize'], bytes),
});

const relaxedBehindFlag: Candidate = wasmCandidate({
  build: 'relaxed',
  wide: false,
  compile(bytes) {
    // Left on: it only makes V8 accept the instructions, and a thread that turned it off while another
    // compiles would give that one the plain build, whose last bits differ.
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    return compileWith([], bytes);
  },
});

function compileWith(features: string[], bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const on = [...features, 'no-liftoff', 'no-wasm-lazy-compilation'];
  const off = [...features.map((feature) => `no-${feature}`), 'liftoff', 'wasm-lazy-compilation'];
  try {
    for (const flag of on) setFlagsFromString(`--${flag}`);
    return new WebAssembly.Module(bytes);
  } finally {
    for (const flag of off) setFlagsFromString(`--${flag}`);
  }
}
