/** One computation of a spectrum in one arithmetic: where its data lies and how far it has come. */
import type { Layout } from './layout.js';
import { type Packing, packingOf } from './packing.js';
import { type Instance, type Stages, stagesOf } from './stages.js';

export interface Pass {
  readonly rows: number;
  readonly columns: number;
  readonly layout: Layout;
  readonly stages: Stages;
  readonly memory: WebAssembly.Memory;
  /** How elements of a stored type are packed for the product. */
  packing(kind: number, scale: number): Packing;
  /** Called after each piece of work with its floating-point operations; rejects when aborted. */
  step(operations: number): Promise<void>;
}

/** A pass over a matrix whose place in memory is settled. */
export function createPass(
  { exports, memory }: Instance,
  {
    precision,
    ...rest
  }: Pick<Pass, 'rows' | 'columns' | 'layout' | 'step'> & { precision: 'f32' | 'f64' },
): Pass {
  const stages = stagesOf(exports, precision);
  const size = precision === 'f32' ? 4 : 8;
  return {
    ...rest,
    stages,
    memory,
    packing: (kind, scale) => packingOf(exports, stages, { size, kind, scale }),
  };
}

/** Milliseconds of computing after which the event loop gets a turn, so that signals and timers can fire. */
const TURN_MS = 100;

/**
 * Counts operations, reports their share and lets the event loop run now and then.
 * @param total operations in the whole pass
 */
export function createStepper(params: {
  total: number;
  signal: AbortSignal | undefined;
  onProgress: ((done: number) => void) | undefined;
}): Pass['step'] {
  let done = 0;
  let reported = 0;
  let lastTurn = performance.now();
  return async (operations) => {
    params.signal?.throwIfAborted();
    done += operations;
    const now = performance.now();
    if (now - lastTurn < TURN_MS) return;
    const share = Math.min(1, done / params.total);
    // The last stage is not counted, and a product that is made again counts twice.
    if (share > reported) params.onProgress?.(share);
    reported = share;
    await new Promise((resolve) => setTimeout(resolve, 0));
    params.signal?.throwIfAborted();
    lastTurn = performance.now();
  };
}
