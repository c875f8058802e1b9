/** The engine: builds tried in order, matrices one after another, arithmetic chosen for each. */
import {
  isAlphaLoraError,
  type Matrix,
  type SpectralEngine,
  type SpectrumOptions,
} from '@alphalora/contracts';
import { embeddedSpectrum } from './embedded.js';
import { type Candidate, loadFirst } from './load.js';
import { firstPrecision, resolvedFrom } from './precision.js';
import { gramSpectrum } from './spectrum.js';
import type { WasmInstance } from './stages.js';

/** An engine over the first of the candidates that works, found when the first matrix arrives. */
export function createEngine(candidates: readonly Candidate[]): SpectralEngine {
  let loading: Promise<WasmInstance> | undefined;
  /** The memory serves one matrix at a time. */
  let queue: Promise<unknown> = Promise.resolve();
  const load = (): Promise<WasmInstance> => {
    loading ??= loadFirst(candidates);
    return loading;
  };
  return {
    name: 'wasm',
    build: async () => (await load()).build,
    singularValues(matrix, options = {}) {
      const result = queue.then(async () => {
        options.signal?.throwIfAborted();
        return solve(await load(), matrix, options);
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
  instance: WasmInstance,
  matrix: Matrix,
  options: SpectrumOptions,
): Promise<Float64Array> {
  const { precision = 'auto', signal, onProgress, onPrecision } = options;
  if (matrix.rows === 0 || matrix.columns === 0) {
    onPrecision?.('f64', 0);
    return new Float64Array(0);
  }
  const report = onProgress && increasing(onProgress);
  const pass = (arithmetic: 'f32' | 'f64', held: boolean) =>
    gramSpectrum({ instance, matrix, precision: arithmetic, held, signal, onProgress: report });

  let used = precision === 'auto' ? firstPrecision(matrix) : precision;
  let spectrum = await pass(used, false);
  let resolved = resolvedFrom(spectrum.singularValues, used);
  if (precision === 'auto' && used === 'f32' && resolved > 0) {
    used = 'f64';
    spectrum = await pass(used, spectrum.held);
    resolved = resolvedFrom(spectrum.singularValues, used);
  }
  let { singularValues } = spectrum;
  if (used === 'f64' && resolved > 0) {
    const { scale, held } = spectrum;
    const params = { instance, matrix, scale, held, signal, onProgress: report };
    const exact = await embeddedSpectrum(params).catch(unlessTooLarge);
    if (exact) [singularValues, resolved] = [exact, 0];
  }
  report?.(1);
  onPrecision?.(used, resolved);
  return singularValues.reverse();
}

/** Without memory for more, the values of the Gram matrix are the answer, as far down as they hold. */
function unlessTooLarge(error: unknown): undefined {
  if (!isAlphaLoraError(error, 'ENGINE_FAILED')) throw error;
}

/** Passes on only what exceeds everything before: a second pass starts from zero. */
function increasing(onProgress: (done: number) => void): (done: number) => void {
  let most = 0;
  return (done) => {
    if (done <= most) return;
    most = done;
    onProgress(done);
  };
}
