/** The conformance kit of spectral engines, on matrices whose singular values are known. */
import { isAlphaLoraError, type Precision } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type Outcome,
  type TestFunctions,
} from '@alphalora/contracts/testing';
import type { Matrix } from '@alphalora/contracts/weights';
import { type KnownMatrix, knownMatrices, matrixOf } from './matrices.js';

type Examine = Examination<SpectralEngine>;

const precisions: readonly Precision[] = ['auto', 'f32', 'f64'];

/** Every known matrix in every precision. */
function forEachAnswer(
  engine: SpectralEngine,
  examine: (asked: KnownMatrix & Answer & { readonly where: string }) => Outcome,
): Promise<Outcome> {
  return forEachOf(precisions, (precision) =>
    forEachOf(knownMatrices(), async (known) => {
      const answer = await ask(engine, known.matrix, precision);
      return examine({ ...known, ...answer, where: `${known.name}, ${precision}` });
    }),
  );
}

interface Answer {
  readonly values: Float64Array;
  /** What `onPrecision` was told, each time. */
  readonly told: ReadonlyArray<readonly [precision: string, resolved: number]>;
  /** What `onProgress` was told. */
  readonly progress: readonly number[];
}

async function ask(
  engine: SpectralEngine,
  matrix: Matrix,
  precision: Precision = 'auto',
): Promise<Answer> {
  const told: Array<[string, number]> = [];
  const progress: number[] = [];
  const values = await engine.singularValues(matrix, {
    precision,
    onPrecision: (...what) => told.push(what),
    onProgress: (done) => progress.push(done),
  });
  return { values, told: [...told], progress: [...progress] };
}

const shape: Examine = async (engine) => {
  const { name, concurrency = 1, build } = engine;
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  if (typeof engine.singularValues !== 'function') {
    return { failed: 'singularValues must be a function' };
  }
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    return { failed: `concurrency must be an integer of at least 1, not ${concurrency}` };
  }
  const named = build === undefined ? 'none' : await engine.build!();
  return typeof named === 'string' && named !== ''
    ? undefined
    : { failed: `build must give a name, not ${JSON.stringify(named)}` };
};

const count: Examine = (engine) =>
  forEachAnswer(engine, ({ where, matrix: { rows, columns }, values }) =>
    values instanceof Float64Array && values.length === Math.min(rows, columns)
      ? undefined
      : {
          failed: `${where}: ${values?.length} values of a ${rows} x ${columns} matrix, or no Float64Array`,
        },
  );

const order: Examine = (engine) =>
  forEachAnswer(engine, ({ where, values }) => {
    const odd = values.findIndex(
      (value, i) => !(value >= 0 && value <= (values[i - 1] ?? Number.MAX_VALUE)),
    );
    return odd < 0
      ? undefined
      : { failed: `${where}: ${values[odd]} after ${values[odd - 1]}: descending from zero up` };
  });

const precision: Examine = (engine) =>
  forEachAnswer(engine, ({ where, told }) => {
    if (told.length !== 1) {
      return { failed: `${where}: onPrecision was told ${told.length} times before the answer` };
    }
    const [[used, resolved]] = told as [[string, number]];
    if (used !== 'f32' && used !== 'f64') {
      return { failed: `${where}: onPrecision was told ${used}, which is neither f32 nor f64` };
    }
    return Number.isFinite(resolved) && resolved >= 0
      ? undefined
      : { failed: `${where}: onPrecision was told that ${resolved} is resolved` };
  });

/** How much squares may be off, from the smallest that is resolved up. */
const SQUARES = 3e-4;
/** Of the largest, a multiple of its rounding in float64: what lies below may be anything. */
const ROUNDING = 1e-12;

const knownSpectra: Examine = (engine) =>
  forEachAnswer(engine, ({ where, singularValues, values, told }) => {
    const resolved = told[0]![1];
    const largest = singularValues[0]!;
    const at = singularValues.findIndex((exact, i) => {
      const found = values[i]!;
      if (Math.abs(found - exact) <= ROUNDING * largest) return false;
      // Below, guesses or zeros; but nothing that would pass for resolved.
      if (exact < resolved) return !(found <= resolved * (1 + SQUARES));
      return !(Math.abs(found ** 2 - exact ** 2) <= SQUARES * exact ** 2);
    });
    return at < 0
      ? undefined
      : {
          failed: `${where}: value ${at} is ${values[at]}, not ${singularValues[at]}; it said that it resolves ${resolved === 0 ? 'all' : `${resolved} and above`}`,
        };
  });

/** A bound so high that it says nothing would always be honest. */
const usefulBound: Examine = (engine) =>
  forEachAnswer(engine, ({ where, singularValues: [largest], told }) => {
    const resolved = told[0]![1];
    return largest === 0 || resolved <= largest! / 10
      ? undefined
      : { failed: `${where}: it resolves ${resolved} and above, of at most ${largest}` };
  });

const determinism: Examine = (engine) =>
  forEachOf(knownMatrices(), async ({ name, matrix }) => {
    const [first, second] = [await ask(engine, matrix), await ask(engine, matrix)];
    return first.values.every((value, i) => value === second.values[i])
      ? undefined
      : { failed: `${name}: two answers differ` };
  });

/** Callers may keep what they have read. */
const inputUnchanged: Examine = (engine) =>
  forEachOf(knownMatrices(), async ({ name, matrix }) => {
    const held = await matrix.read();
    const before = held.slice();
    const { columns } = matrix;
    const read: Matrix['read'] = async (start = 0, end = matrix.rows) =>
      held.subarray(start * columns, end * columns);
    await ask(engine, { ...matrix, read });
    return held.every((value, i) => value === before[i])
      ? undefined
      : { failed: `${name}: the values are not what they were` };
  });

const together: Examine = (engine) =>
  forEachOf(precisions, async (precision) => {
    const known = knownMatrices();
    const alone: Float64Array[] = [];
    for (const { matrix } of known) alone.push((await ask(engine, matrix, precision)).values);
    const at = (
      await Promise.all(known.map(({ matrix }) => ask(engine, matrix, precision)))
    ).findIndex(({ values }, i) => !values.every((value, j) => value === alone[i]![j]));
    return at < 0
      ? undefined
      : { failed: `${known[at]!.name}, ${precision}: another answer when asked for with others` };
  });

const notFinite: Examine = (engine) =>
  forEachOf([Number.NaN, Number.POSITIVE_INFINITY], (value) =>
    forEachOf(precisions, (precision) => {
      const matrix = matrixOf(20, 12, (i, j) => (i === 13 && j === 7 ? value : i - j));
      return refusal(
        () => engine.singularValues(matrix, { precision }),
        (error) => isAlphaLoraError(error, 'NO_SPECTRUM'),
        `a matrix with ${value}, ${precision}`,
        'NO_SPECTRUM',
      );
    }),
  );

const abort: Examine = (engine) => {
  const reason = new Error('enough');
  return refusal(
    () =>
      engine.singularValues(
        matrixOf(24, 24, (i, j) => i * j),
        { signal: AbortSignal.abort(reason) },
      ),
    (error) => error === reason,
    'a signal that has fired',
    'its reason',
  );
};

const faultOfReading: Examine = (engine) => {
  const fault = new Error('the disk is gone');
  const { readInto: _, ...matrix } = matrixOf(24, 24, (i, j) => i * j);
  return refusal(
    () => engine.singularValues({ ...matrix, read: () => Promise.reject(fault) }),
    (error) => error === fault,
    'a matrix that cannot be read',
    'the error of its read',
  );
};

async function refusal(
  run: () => Promise<Float64Array>,
  isRight: (error: unknown) => boolean,
  what: string,
  expected: string,
): Promise<Outcome> {
  try {
    await run();
  } catch (error) {
    return isRight(error)
      ? undefined
      : { failed: `${what} ends in ${error}; expected ${expected}` };
  }
  return { failed: `${what} is answered; expected ${expected}` };
}

const progress: Examine = (engine) =>
  forEachAnswer(engine, ({ where, progress }) => {
    const odd = progress.find((done, i) => !(done >= (progress[i - 1] ?? 0) && done <= 1));
    return odd === undefined
      ? undefined
      : { failed: `${where}: onProgress was told ${progress}: shares from 0 to 1 that never fall` };
  });

const kit = createKit<SpectralEngine>({
  steps: [
    ['shape', shape],
    ['count', count],
    ['order', order],
    ['precision', precision],
    ['determinism', determinism],
  ],
  independent: [
    ['known spectra', knownSpectra],
    ['useful bound', usefulBound],
    ['input unchanged', inputUnchanged],
    ['several at once', together],
    ['not finite', notFinite],
    ['abort', abort],
    ['fault of reading', faultOfReading],
    ['progress', progress],
  ],
});

/** @returns a result for each check; it never throws for a fault of the engine */
export function checkEngine(engine: SpectralEngine): Promise<Check[]> {
  return kit.check(engine);
}

/** {@link checkEngine} as tests of the caller's framework, one for each check. */
export function describeEngine(engine: SpectralEngine, tests: TestFunctions): void {
  kit.describe(`engine ${engine.name}`, engine, tests);
}
