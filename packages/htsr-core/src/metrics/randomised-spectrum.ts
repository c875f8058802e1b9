/**
 * The spectrum of a matrix whose elements are put in random order: what its elements alone would
 * give, without their arrangement.
 *
 * Up to 1024 on the smaller side it is computed. Beyond, a second decomposition would double the
 * cost of an analysis, so it is put together from two parts that are cheap:
 *
 * - Shuffled elements are exchangeable: a random part of them, in a matrix of the same aspect ratio
 *   with 1024 on its smaller side, has a bulk of the same shape. Its eigenvalues, without its own
 *   spikes, are spread over the quantiles of the full spectrum.
 * - What stands out of the bulk (correlation traps: a mean that is not zero, single huge elements)
 *   depends on the size. It comes from the full shuffled matrix, by a Lanczos iteration.
 *
 * The bulk is scaled so that all eigenvalues sum to the squared Frobenius norm, which shuffling
 * keeps. The Marchenko-Pastur fit uses the mean of the bulk only and is that of the full matrix.
 */
import type { RandomisedSpectrum, SpectralEngine } from '@alphalora/contracts/extensions';
import { type Random, seededRandom } from '@alphalora/contracts/numbers';
import type { Matrix } from '@alphalora/contracts/weights';
import type { SpectralUnit } from '../matrices.js';
import { largestEigenvalues } from './lanczos.js';
import { marchenkoPastur, spikesAmong } from './marchenko-pastur.js';
import { shuffled } from './shuffle.js';

/** Smaller side up to which the spectrum is computed in full. */
const EXACT_ORDER = 1024;

export interface RandomisedOptions {
  /** Any integer; with the name of a matrix it decides the order of its elements. @default 0 */
  seed?: number;
  signal?: AbortSignal | undefined;
  /** Called with the share of the matrices that are done, 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
}

/** @throws what reading the matrices and the engine throw; the signal's reason when aborted */
export async function randomisedSpectrum(
  unit: SpectralUnit,
  engine: SpectralEngine,
  options: RandomisedOptions = {},
): Promise<RandomisedSpectrum> {
  const { seed = 0, signal, onProgress } = options;
  const { eigenvalueScale = 1 } = unit;
  const spectra: number[][] = [];
  for (const [done, matrix] of unit.matrices.entries()) {
    const random = seededRandom(seed, matrix.name);
    const values = shuffled(await matrix.read(0, matrix.rows, signal), random);
    const found = await shuffledSpectrum({ matrix, values, engine, random, signal });
    spectra.push(Array.from(found, (value) => eigenvalueScale * value));
    onProgress?.((done + 1) / unit.matrices.length);
  }
  return { eigenvalues: Float64Array.from(spectra.flat()).sort() };
}

interface ShuffledMatrix {
  matrix: Matrix;
  /** In random order: their arrangement by rows and columns is free. */
  values: Float32Array | Float64Array;
  engine: SpectralEngine;
  random: Random;
  signal: AbortSignal | undefined;
}

async function shuffledSpectrum(given: ShuffledMatrix): Promise<Float64Array> {
  const { matrix, values, random, signal } = given;
  const smaller = Math.min(matrix.rows, matrix.columns);
  const larger = Math.max(matrix.rows, matrix.columns);
  if (smaller <= EXACT_ORDER) return decompose(given, larger, smaller);

  const sides = { smaller: EXACT_ORDER, larger: Math.round((EXACT_ORDER * larger) / smaller) };
  const part = await decompose(given, sides.larger, sides.smaller);
  const { spikes } = marchenkoPastur({ eigenvalues: part, ...sides });
  const bulk = part.subarray(0, part.length - spikes);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]! * values[i]!;
  const largest = await largestEigenvalues({
    values,
    rows: larger,
    columns: smaller,
    random,
    wanted: (found) => spikesAmong({ largest: found, total, count: smaller, smaller, larger }),
    step: async () => {
      // The event loop has its turn, so that a signal can fire.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
    },
  });
  return completed({ bulk, largest, count: smaller, total });
}

/** Eigenvalues, ascending, of the first rows * columns elements as a matrix. */
async function decompose(
  { matrix, values, engine, signal }: ShuffledMatrix,
  rows: number,
  columns: number,
): Promise<Float64Array> {
  const singularValues = await engine.singularValues(
    {
      name: matrix.name,
      rows,
      columns,
      dtype: values instanceof Float64Array ? 'F64' : 'F32',
      read: async (start = 0, end = rows) => values.subarray(start * columns, end * columns),
    },
    // The smallest eigenvalues, which need float64, do not matter here.
    { precision: 'f32', signal },
  );
  return singularValues.map((value) => value * value).sort();
}

/** The largest eigenvalues with a bulk of the given shape below them, which brings the sum to `total`. */
function completed(params: {
  bulk: Float64Array;
  /** Ascending. */
  largest: Float64Array;
  count: number;
  total: number;
}): Float64Array {
  const { bulk, largest, count, total } = params;
  const rest = count - largest.length;
  const eigenvalues = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < rest; i++) {
    const position = ((i + 0.5) / rest) * bulk.length - 0.5;
    const below = Math.max(0, Math.min(bulk.length - 2, Math.floor(position)));
    const value = bulk[below]! + (position - below) * (bulk[below + 1]! - bulk[below]!);
    eigenvalues[i] = Math.max(0, value);
    sum += eigenvalues[i]!;
  }
  const scale = largest.reduce((left, value) => left - value, total) / sum;
  for (let i = 0; i < rest; i++) {
    // The edge of a smaller matrix fluctuates more; it does not reach above what was found.
    eigenvalues[i] = Math.min(eigenvalues[i]! * scale, largest[0]!);
  }
  eigenvalues.set(largest, rest);
  return eigenvalues;
}
