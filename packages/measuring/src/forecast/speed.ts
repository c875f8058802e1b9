/**
 * How fast this machine is, from less than a third of a second of work: one matrix, fits of one
 * spectrum, and a megabyte that is read. All three take time in proportion to their size.
 */
import { defined, isAlphaLoraError, type Precision } from '@alphalora/contracts';
import type { EngineEntry } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { Matrix } from '@alphalora/contracts/weights';
import { drawCount, matrixOperations, measureUnit, needsRandomised } from '@alphalora/htsr-core';
import { engines } from '../engines/index.js';
import { observed } from '../pipeline/digest.js';
import { chosenEstimator, type MeasurerSettings } from '../pipeline/measurer.js';

/** What a thread takes, in seconds. */
export interface Speed {
  /** For one of the operations that the engine counts. */
  readonly operation: number;
  /** For the fit, the bootstrap and the metrics of a spectrum, for each of its eigenvalues. */
  readonly eigenvalue: number;
  /** To read a byte and take its digest. */
  readonly byte: number;
}

type Settings = Pick<
  MeasurerSettings,
  | 'engine'
  | 'build'
  | 'estimator'
  | 'tail'
  | 'tailShare'
  | 'bag'
  | 'metrics'
  | 'draws'
  | 'bootstrap'
>;

/** Seconds from which on a trial counts. */
const ENOUGH = 0.03;
/** Eigenvalues of the spectrum that is fitted: enough that nothing else counts. */
const EIGENVALUES = 512;
const READ = { rows: 512, columns: 1024 } as const;

/** Starts, and returns what tells the seconds since. */
export type Stopwatch = () => () => number;

/**
 * Of this process alone. Other programs make the time on the clock longer, other threads of this one,
 * such as compilers, that of the processor: the shorter of the two is nearer to the truth.
 */
const ownTime: Stopwatch = () => {
  const [wall, processor] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(processor);
    return Math.min((performance.now() - wall) / 1e3, (user + system) / 1e6);
  };
};

/** Once for the same settings. */
export function speedOf(settings: Settings): Promise<Speed> {
  const { engine, build, estimator, tail, tailShare, bag, metrics, draws, bootstrap } = settings;
  const key = JSON.stringify([
    ...[engine, build, estimator, tail, tailShare, bag, metrics],
    ...[draws, bootstrap],
  ]);
  const speed = speeds.get(key) ?? measureSpeed(settings, ownTime);
  speeds.set(key, speed);
  return speed;
}

const speeds = new Map<string, Promise<Speed>>();

export async function measureSpeed(settings: Settings, stopwatch: Stopwatch): Promise<Speed> {
  return {
    operation: await secondsOfOperation(settings, stopwatch),
    eigenvalue: await secondsOfEigenvalue(settings, stopwatch),
    byte: await secondsOfByte(stopwatch),
  };
}

/** The operations that an engine counts for a matrix: the least and the most. */
export function engineWork(
  { work }: EngineEntry,
  matrix: Matrix,
  precision: Precision,
): { least: number; most: number } {
  if (work) return work(matrix, precision);
  const operations = matrixOperations(matrix);
  return { least: operations, most: operations };
}

async function secondsOfOperation(
  { engine: name, build }: Settings,
  start: Stopwatch,
): Promise<number> {
  const entry = engines.get(name);
  const engine = await entry.load(build);
  // It loads now, and is not timed.
  await engine.build?.();
  try {
    const trial = async (matrix: Matrix): Promise<unknown> =>
      engine.singularValues(matrix, { precision: 'f64' });
    const sides = [64, 128, 256, 384].map((side) => randomMatrix(side, side));
    const [matrix, seconds] = await longEnough(sides, trial, start);
    const { least, most } = engineWork(entry, matrix, 'f64');
    return seconds / ((least + most) / 2);
  } finally {
    await engine.close?.();
  }
}

/** With fewer draws than are asked for, where those take long. */
async function secondsOfEigenvalue(settings: Settings, start: Stopwatch): Promise<number> {
  const { bag } = settings;
  const estimator = await chosenEstimator(settings);
  const metrics = settings.metrics.filter((metric) => !needsRandomised([metric]));
  const matrix = randomMatrix(EIGENVALUES, EIGENVALUES);
  const unit = {
    ...({ ...matrix, kind: 'projection', shape: [EIGENVALUES, EIGENVALUES] } as const),
    matrices: [matrix],
  };
  const engine = { name: 'known', singularValues: async () => heavyTail() };
  const trial = (count: number): Promise<unknown> => {
    const drawn = settings.bootstrap === undefined ? { draws: count } : { bootstrap: count };
    return measureUnit(unit, { engine, estimator, metrics, ...drawn, ...defined({ bag }) });
  };
  const all = drawCount(defined({ draws: settings.draws, bootstrap: settings.bootstrap }));
  const fewer = [1, 10, 100].filter((count) => count < all);
  try {
    const [count, seconds] = await longEnough([...fewer, all], trial, start);
    return (seconds * fitsOf(all, bag)) / fitsOf(count, bag) / EIGENVALUES;
  } catch (error) {
    if (isAlphaLoraError(error, 'NO_SPECTRUM')) return 0;
    throw error;
  }
}

/** How often the estimator is applied: to the spectrum, to those of the bag, and to a small bag of each draw. */
function fitsOf(draws: number, bag: number | undefined): number {
  return bag === undefined ? 1 + draws : 1 + bag + draws * Math.min(bag, INNER_BAG);
}

/** Fits of a bag inside of a draw, as htsr-core has it. */
const INNER_BAG = 8;

/** The first of ever longer trials that is long enough, the second time that it runs: the first time, code is compiled. */
async function longEnough<Size>(
  sizes: readonly Size[],
  trial: (size: Size) => Promise<unknown>,
  start: Stopwatch,
): Promise<[Size, seconds: number]> {
  const timed = async (size: Size): Promise<number> => {
    const elapsed = start();
    await trial(size);
    return elapsed();
  };
  for (const size of sizes.slice(0, -1)) {
    const first = await timed(size);
    if (first < ENOUGH) continue;
    const again = await timed(size);
    if (again >= ENOUGH) return [size, again];
  }
  const last = sizes.at(-1)!;
  return [last, Math.min(await timed(last), await timed(last))];
}

/** Singular values of a bulk with a tail, as those of trained matrices: what a search for the cut takes depends on it. */
function heavyTail(): Float64Array {
  return Float64Array.from(
    { length: EIGENVALUES },
    (_, i) => 2 * Math.cos(((i + 0.5) / EIGENVALUES) * (Math.PI / 2)) + 6 * (i + 1) ** -0.7,
  );
}

async function secondsOfByte(start: Stopwatch): Promise<number> {
  const { rows, columns } = READ;
  const source = randomMatrix(rows, columns);
  const bytes = new Uint8Array(((await source.read()) as Float64Array).buffer);
  const rowBytes = bytes.byteLength / rows;
  const { digest } = observed({
    ...source,
    async readInto(target, start) {
      target.set(bytes.subarray(start * rowBytes, start * rowBytes + target.byteLength));
    },
  });
  const elapsed = start();
  await digest();
  return elapsed() / bytes.byteLength;
}

function randomMatrix(rows: number, columns: number): Matrix {
  const random = seededRandom(0, 'speed');
  const values = Float64Array.from({ length: rows * columns }, () => random() - 0.5);
  return {
    name: 'speed',
    rows,
    columns,
    dtype: 'F64',
    read: async (start = 0, end = rows) => values.subarray(start * columns, end * columns),
  };
}
