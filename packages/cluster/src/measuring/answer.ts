/**
 * What comes back from the machines that measure. An answer becomes a row of the document, so it is
 * held to the document's schema and to what its job can have as a result: a worker may be broken, of
 * another making, or not a worker at all, since anybody who can write to the queue's server can write
 * anything there.
 */
import {
  AlphaLoraError,
  type AnalysedRow,
  defined,
  isAlphaLoraError,
  warningOf,
} from '@alphalora/contracts';
import { parseAnalysis } from '@alphalora/documents';
import { drawCount, middle95, operations, type SpectralUnit } from '@alphalora/htsr-core';
import { type Measured, type MeasurerSettings, sampledUnit } from '@alphalora/measuring';

/** A measurement, and the matrix that it is of. */
export interface WorkerAnswer extends Pick<Measured, 'measurement' | 'digest' | 'found'> {
  matrix: string;
}

/** What a measurement may consist of; the rest of a row is known from the header. */
const parts = new Set([
  ...['alpha', 'unbagged', 'xmin', 'ks', 'tail', 'stderr', 'lambda', 'fingers', 'rawAlpha'],
  ...[
    'interval',
    'draws',
    'warning',
    'weak',
    'thin',
    'misfit',
    'precision',
    'imprecise',
    'metrics',
    'spectrum',
  ],
]);

/** Squares and sums of alphas that are larger overflow. */
const LARGEST_ALPHA = 1e100;

type Expected = Pick<MeasurerSettings, 'draws' | 'bootstrap' | 'metrics' | 'farms'>;

/** @returns takes a result for what it is, or throws AlphaLoraError `ENGINE_FAILED` naming the fault */
export function answerCheck(
  expected: Expected,
): (unit: SpectralUnit, result: unknown) => asserts result is WorkerAnswer {
  return (unit, result) => {
    const refuse = (what: string): never => {
      throw new AlphaLoraError('ENGINE_FAILED', `not a measurement of this matrix: ${what}`);
    };
    if (!isObject(result)) return refuse('no object');
    const { matrix, measurement, digest, found, ...others } = result as Partial<WorkerAnswer>;
    for (const key of Object.keys(others)) refuse(`unknown property ${key}`);
    if (matrix !== unit.name) refuse(`it is of ${JSON.stringify(matrix)?.slice(0, 200)}`);
    if (!isObject(measurement)) return refuse('no numbers');
    for (const key of Object.keys(measurement))
      if (!parts.has(key)) refuse(`unknown property ${key}`);
    const { name, dtype, block } = unit;
    const header = { name, dtype, shape: [...unit.shape], ...defined({ block }) };
    const fault = documentFault({ ...header, ...measurement, digest: digest!, status: 'ok' });
    if (fault !== undefined || digest === undefined) refuse(fault ?? 'no digest');
    const all = operations(sampledUnit(unit, expected));
    if (!(typeof found === 'number' && found >= 0 && found <= all)) refuse('found is out of range');
    for (const each of faultsOf(measurement, unit, expected)) refuse(each);
  };
}

/** Why a document with this row would not be taken. */
function documentFault(row: AnalysedRow): string | undefined {
  const blocks = (row.block ?? -1) + 1;
  try {
    parseAnalysis({
      schemaVersion: 1,
      kind: 'analysis',
      tool: { name: 'worker', version: '1' },
      model: { source: 'queue', blocks },
      timings: { seconds: 0 },
      options: { estimator: 'any', aggregate: 'mean', engine: 'any' },
      matrices: [row],
      blocks: Array.from({ length: blocks }, (_, index) => ({ index, matrices: 0 })),
    });
    return undefined;
  } catch (error) {
    if (isAlphaLoraError(error, 'INVALID_DOCUMENT')) return error.message;
    throw error;
  }
}

/** What a document cannot know of itself. */
function* faultsOf(
  measurement: Measured['measurement'],
  unit: SpectralUnit,
  { metrics, farms, ...expected }: Expected,
): Generator<string> {
  const { alpha, tail, fingers = 0, draws = [], interval, warning, weak, spectrum } = measurement;
  const { matrices } = sampledUnit(unit, farms ? { farms } : {});
  const count = matrices.reduce((sum, { rows, columns }) => sum + Math.min(rows, columns), 0);
  if (tail + fingers > count) yield `a tail of ${tail} of ${count} eigenvalues`;
  const asked = drawCount(expected);
  if (draws.length > asked) yield `${draws.length} draws, ${asked} were asked for`;
  if (draws.some((drawn) => drawn > LARGEST_ALPHA)) yield 'draws are out of range';
  if (alpha > LARGEST_ALPHA) yield 'alpha is out of range';
  if (String(middle95(draws)) !== String(interval)) yield 'another interval than that of its draws';
  const expectedWarning = weak === undefined ? warningOf(alpha) : undefined;
  // At a given cut alpha warns of nothing, whatever it is.
  if (warning !== undefined && warning !== expectedWarning)
    yield `the warning ${warning} for an alpha of ${alpha}`;
  for (const name of Object.keys(measurement.metrics))
    if (!metrics.includes(name)) yield `the metric ${name}, which was not asked for`;
  if (!spectrum) return yield 'no spectrum';
  const { range, counts, cuts } = spectrum;
  if (range[0] > range[1]) yield 'a spectrum that ends before it begins';
  const counted = counts.reduce((sum, each) => sum + each, 0);
  if (counted < 2 || counted > count) yield `a spectrum of ${counted} of ${count} eigenvalues`;
  if (cuts.tail.length !== cuts.alpha.length) yield 'cuts without their alphas';
  if (cuts.tail.some((size, i) => size > counted || size <= (cuts.tail[i - 1] ?? 0)))
    yield 'cuts that do not ascend';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
