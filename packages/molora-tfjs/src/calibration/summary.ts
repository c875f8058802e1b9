/** From the numbers of all batches to a row for each projection. */
import type { Scores } from '@alphalora/contracts';
import type { BatchScores, CalibratedProjection } from './calibrate.js';
import type { CalibrationMeasure } from './measures.js';

type ScoreRow = Scores['scores'][number];

/**
 * @param batches at least one, each with the same measures
 * @param measure which of them is the score
 */
export function scoreRows(
  projections: readonly CalibratedProjection[],
  batches: readonly BatchScores[],
  measure: CalibrationMeasure,
): ScoreRow[] {
  const taken = Object.keys(batches[0]!) as CalibrationMeasure[];
  return projections.map(({ name, block, role }, i) => {
    const measures = Object.fromEntries(
      taken.map((each) => [each, summarized(batches.map((batch) => batch[each]![i]!))]),
    );
    const { mean, stderr } = measures[measure]!;
    const error = stderr === undefined ? {} : { stderr };
    return { name: `${name}.weight`, block, role, score: mean, ...error, measures };
  });
}

/** Mean, and its standard error by the scatter of the batches. */
function summarized(values: readonly number[]): ScoreRow['measures'][string] {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  if (length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, stderr: Math.sqrt(squares / (length - 1) / length) };
}
