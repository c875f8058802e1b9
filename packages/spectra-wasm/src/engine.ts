/** The engine: builds tried in order, matrices one after another, arithmetic chosen for each. */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { SpectralEngine, SpectrumOptions } from '@alphalora/contracts/extensions';
import type { Matrix } from '@alphalora/contracts/weights';
import { embeddedSpectrum } from './embedded.js';
import { createRowReader } from './input.js';
import { type Candidate, loadFirst } from './load.js';
import { bytesWithoutSquaring } from './memory.js';
import { firstPrecision, resolvedFrom } from './precision.js';
import { type GramSpectrum, gramSpectrum } from './spectrum.js';
import type { Instance } from './stages.js';
import { FLOAT32, REDONE } from './work.js';
import { countZeros } from './zeros.js';

export interface EngineOptions {
  /** @default 'wasm' */
  name?: string;
  /** What the candidates are, for the error when none works: see `loadFirst`. */
  kind?: { what: string; needs: string };
  /** Bytes that solving a matrix again without squaring it may take. @default no limit */
  maxMemory?: number;
  /** Threads for a matrix whose caller does not say how many. @default 1 */
  threads?: number;
  /** The arithmetic that `auto` begins with. @default that of `firstPrecision` */
  first?: typeof firstPrecision;
}

/**
 * An engine over the first of the candidates that works, found when the first matrix arrives.
 * @param candidates or what finds them then
 */
export function createEngine(
  candidates: readonly Candidate[] | (() => readonly Candidate[]),
  options: EngineOptions = {},
): SpectralEngine {
  const { name = 'wasm', kind, threads = 1, first = firstPrecision } = options;
  const { maxMemory = Number.POSITIVE_INFINITY } = options;
  let loading: Promise<Instance> | undefined;
  /** The memory serves one matrix at a time. */
  let queue: Promise<unknown> = Promise.resolve();
  const load = (): Promise<Instance> => {
    loading ??= (async () =>
      loadFirst(typeof candidates === 'function' ? candidates() : candidates, kind))();
    return loading;
  };
  return {
    name,
    build: async () => (await load()).build,
    singularValues(matrix, options = {}) {
      const result = queue.then(async () => {
        options.signal?.throwIfAborted();
        const instance = await load();
        instance.useThreads?.(options.threads ?? threads);
        return solve(instance, matrix, { ...options, first, maxMemory });
      });
      queue = result.catch(() => undefined);
      return result;
    },
    async close() {
      await queue;
      loading = undefined;
    },
  };
}

async function solve(
  instance: Instance,
  matrix: Matrix,
  options: SpectrumOptions & { first: typeof firstPrecision; maxMemory: number },
): Promise<Float64Array> {
  const { precision = 'auto', first, maxMemory, signal, onProgress, onPrecision } = options;
  const { rows, columns } = matrix;
  if (rows === 0 || columns === 0) {
    onPrecision?.('f64', 0);
    return new Float64Array(0);
  }
  const params = { instance, matrix, signal };
  let used = precision === 'auto' ? first(matrix) : precision;
  const progress = passes(onProgress, precision === 'auto' && used === 'f32');
  let spectrum = await resolvedSpectrum({
    ...params,
    precision: used,
    held: false,
    onProgress: progress.first,
  });
  if (precision === 'auto' && used === 'f32' && spectrum.resolved > 0) {
    used = 'f64';
    const { held } = spectrum;
    spectrum = await resolvedSpectrum({
      ...params,
      precision: used,
      held,
      onProgress: progress.second,
    });
  }
  let { singularValues, resolved } = spectrum;
  const { rowBytes } = createRowReader(matrix, instance.memory, signal);
  const fits =
    bytesWithoutSquaring({ rows, columns, rowBytes }, maxMemory, instance.geometry) !== undefined;
  if (used === 'f64' && resolved > 0 && fits) {
    const { scale, held } = spectrum;
    const exact = await embeddedSpectrum({
      ...params,
      scale,
      held,
      onProgress: progress.again,
    }).catch(unlessTooLarge);
    if (exact) [singularValues, resolved] = [exact, 0];
  }
  onProgress?.(1);
  onPrecision?.(used, resolved);
  return singularValues.reverse();
}

/** The spectrum of a Gram matrix and how far down it holds: zeros that the weights show do not count. */
async function resolvedSpectrum(
  params: Parameters<typeof gramSpectrum>[0],
): Promise<GramSpectrum & { resolved: number }> {
  const { precision } = params;
  const spectrum = await gramSpectrum(params);
  const { singularValues, held } = spectrum;
  const resolved = resolvedFrom(singularValues, precision);
  if (resolved === 0) return { ...spectrum, resolved };
  const zeros = await countZeros({ ...params, held });
  singularValues.fill(0, 0, zeros);
  return { ...spectrum, resolved: resolvedFrom(singularValues.subarray(zeros), precision) };
}

/** Without memory for more, the values of the Gram matrix are the answer, as far down as they hold. */
function unlessTooLarge(error: unknown): undefined {
  if (!isAlphaLoraError(error, 'ENGINE_FAILED')) throw error;
}

type Report = ((done: number) => void) | undefined;

/** Share of a matrix's progress that is kept for solving it without squaring, which few matrices need. */
const AGAIN = 0.05;

/**
 * The reports of the passes over a matrix as one that only grows. Whether there will be a second pass
 * is not known during the first, which gets the share that it has on the whole: a matrix that needs no
 * second one leaps to its end.
 */
function passes(
  report: Report,
  mayBeTwo: boolean,
): { first: Report; second: Report; again: Report } {
  const between = (from: number, to: number): Report =>
    report && ((done) => report(from + (to - from) * done));
  const end = 1 - AGAIN;
  const middle = mayBeTwo ? (end * FLOAT32) / (FLOAT32 + REDONE) : end;
  return { first: between(0, middle), second: between(middle, end), again: between(end, 1) };
}
