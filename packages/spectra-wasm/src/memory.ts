/** How much memory a matrix will take, before any of it is read: for scheduling. */
import type { Precision } from '@alphalora/contracts';
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import { embeddingBytes } from './embedded.js';
import { isInBlocks, moduleType } from './input.js';
import { type Geometry, planLayout, wasmGeometry } from './layout.js';

/** Code and stack of one instance. */
const INSTANCE_BYTES = 4e6;

/**
 * The most bytes that an engine takes for one matrix that offers its stored bytes. With `auto` the
 * larger float64 pass counts, and so does solving the matrix again without squaring it, which takes
 * about four times as much, where the engine may do that. May exceed what WebAssembly can address;
 * the engine then refuses the matrix.
 * @param maxMemory the option of the engine
 * @param geometry of the stages; by default those in WebAssembly
 */
export function memoryEstimate(
  matrix: { rows: number; columns: number; dtype: DType },
  precision: Precision,
  maxMemory: number = Number.POSITIVE_INFINITY,
  geometry: Geometry = wasmGeometry,
): number {
  const { rows, columns, dtype } = matrix;
  const stored = { rows, columns, rowBytes: columns * elementTypes[moduleType(dtype)].bytes };
  const arithmetic = precision === 'f32' ? 'f32' : 'f64';
  const again =
    arithmetic === 'f64' ? bytesWithoutSquaring(stored, maxMemory, geometry) : undefined;
  return (
    again ??
    planLayout({ ...stored, precision: arithmetic, inBlocks: isInBlocks(dtype), geometry }).end +
      INSTANCE_BYTES
  );
}

/** The bytes that a matrix takes that is done again without squaring; undefined if they are too many. */
export function bytesWithoutSquaring(
  matrix: { rows: number; columns: number; rowBytes: number },
  maxMemory: number,
  geometry: Geometry,
): number | undefined {
  const embedding = embeddingBytes(matrix, geometry);
  if (embedding === undefined) return undefined;
  const bytes = embedding + INSTANCE_BYTES;
  return bytes <= maxMemory ? bytes : undefined;
}
