/** What the compiled stages take, before they are loaded: for estimates. */
import type { Precision } from '@alphalora/contracts';
import type { DType } from '@alphalora/contracts/weights';
import { type Geometry, memoryEstimate, workEstimate } from '@alphalora/spectra-wasm/host';

/** The order of a reduction is a multiple of this, where WebAssembly's is one of a tile. */
export const GRANULARITY = 32;

interface Shape {
  rows: number;
  columns: number;
  dtype: DType;
}

/** `auto` is float64 throughout, which is about as fast here as float32 is in WebAssembly. */
export function first(): 'f64' {
  return 'f64';
}

/**
 * The most bytes that the engine takes for one matrix that offers its stored bytes, as
 * `memoryEstimate` of `@alphalora/spectra-wasm` says it for the other engine.
 */
export function nativeMemoryEstimate(
  matrix: Shape,
  precision: Precision,
  maxMemory: number = Number.POSITIVE_INFINITY,
): number {
  return memoryEstimate(matrix, precision, maxMemory, geometry);
}

/** The operations that a matrix usually takes, in proportion to which its time is. */
export function nativeWorkEstimate(
  matrix: Shape,
  precision: Precision,
): { least: number; most: number } {
  return workEstimate(matrix, precision, first);
}

/** As `core/src/band.rs` has it; a test compares the two. */
export const geometry: Geometry = {
  panelBytes: 128,
  granularity: GRANULARITY,
  workspaceArrays: 14,
  workspaceBlocks: 9,
};
