/**
 * One matrix from its name to its spectrum: what a worker thread does, and the main thread when the
 * model is too small for workers to pay off.
 */
import { openCheckpoint } from '@alphalora/checkpoint/node';
import {
  AlphaLoraError,
  isAlphaLoraError,
  type Matrix,
  type Precision,
  type SpectralEngine,
  type WeightTensor,
} from '@alphalora/contracts';
import { type SpectralUnit, spectralUnits, unfitReason } from '@alphalora/htsr-core';
import { type Build, memoryEstimate } from '@alphalora/spectra-wasm';
import { type CachedSpectrum, cacheKey, readCached, writeCached } from './cache.js';
import { matrixDigest } from './digest.js';

export interface SolverSettings {
  model: string;
  splitFused: boolean;
  engine: string;
  /** Build of the engine, or `auto`; engines with a single one ignore it. */
  build: string;
  precision: Precision;
  /**
   * An engine keeps the memory of its largest matrix for the next; after one that takes more bytes
   * than this it is closed instead, so that idle threads do not sit on what others need.
   */
  keepBytes: number;
  /** Absent: nothing is cached. */
  cacheFolder?: string;
  /** Version of the program, since another one may compute other bits. */
  version: string;
}

export interface Solution extends CachedSpectrum {
  digest: string;
  /** Whether it was found in the cache. */
  found: boolean;
  /** Why it could not be kept, if so: the analysis goes on, but would start anew. */
  notKept?: string;
}

export interface Solver {
  solve(
    matrix: string,
    options?: {
      signal?: AbortSignal | undefined;
      onProgress?: ((done: number) => void) | undefined;
    },
  ): Promise<Solution>;
  close(): Promise<void>;
}

export async function createSolver(settings: SolverSettings): Promise<Solver> {
  const { model, splitFused, precision, cacheFolder, version, build, keepBytes } = settings;
  const { load, memory } = requireEngine(settings.engine);
  const checkpoint = await openCheckpoint(model, { splitFused });
  const engine = await load(build);
  const matrices = new Map<string, Matrix>(
    measurableUnits(checkpoint.tensors).flatMap((unit) =>
      unit.matrices.map((matrix) => [matrix.name, matrix] as const),
    ),
  );
  return {
    async solve(name, { signal, onProgress } = {}) {
      const matrix = matrices.get(name);
      if (!matrix) throw new AlphaLoraError('NOT_FOUND', `${model} holds no matrix ${name}`);
      const digest = await matrixDigest(matrix, signal);
      const key = cacheKey({ digest, engine: `${engine.name} ${build}`, precision, version });
      const cached = cacheFolder === undefined ? undefined : await readCached(cacheFolder, key);
      if (cached) return { ...cached, digest, found: true };
      let used: 'f32' | 'f64' = 'f64';
      const singularValues = await engine.singularValues(matrix, {
        ...{ precision, signal, onProgress },
        onPrecision: (arithmetic) => {
          used = arithmetic;
        },
      });
      if (memory(matrix, precision) > keepBytes) await engine.close?.();
      const spectrum = { singularValues, precision: used };
      const notKept =
        cacheFolder === undefined ? undefined : await keep(cacheFolder, key, spectrum);
      return { ...spectrum, digest, found: false, ...(notKept !== undefined && { notKept }) };
    },
    async close() {
      await engine.close?.();
      await checkpoint.close();
    },
  };
}

/** Everything that can have a spectrum, whether it is asked for or not. */
export function measurableUnits(weights: readonly WeightTensor[]): SpectralUnit[] {
  return weights.filter((weight) => unfitReason(weight) === undefined).flatMap(spectralUnits);
}

/** @returns why not, when the disk is full or the folder is not ours to write */
async function keep(
  folder: string,
  key: string,
  spectrum: CachedSpectrum,
): Promise<string | undefined> {
  try {
    await writeCached(folder, key, spectrum);
    return undefined;
  } catch (error) {
    if (isAlphaLoraError(error, 'IO_FAILED')) return error.message;
    throw error;
  }
}

interface EngineEntry {
  load(build: string): Promise<SpectralEngine>;
  /** Estimate of the bytes that a matrix takes while it is solved. */
  memory(matrix: Matrix, precision: Precision): number;
}

/** The engines by name; each is loaded when it is asked for. */
const engines = new Map<string, EngineEntry>([
  [
    'wasm',
    {
      load: async (build) =>
        (await import('@alphalora/spectra-wasm/node')).createWasmEngine({
          build: build as 'auto' | Build,
        }),
      memory: memoryEstimate,
    },
  ],
  [
    'ml-matrix',
    {
      load: async () => (await import('@alphalora/htsr-core')).createReferenceEngine(),
      // The decoded values, the copy by lines, and the copy inside the decomposition.
      memory: ({ rows, columns }) => 24 * rows * columns,
    },
  ],
]);

export const engineNames: readonly string[] = [...engines.keys()];

/** @throws AlphaLoraError `INVALID_OPTION` when there is no engine of that name */
export function requireEngine(name: string): EngineEntry {
  const entry = engines.get(name);
  if (entry) return entry;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown engine "${name}": choose one of ${engineNames.join(', ')}`,
  );
}
