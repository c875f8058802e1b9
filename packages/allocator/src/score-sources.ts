/**
 * All that the layers of one model can be judged by, each under a name: alpha of each analysis, metrics
 * of an analysis such as `snr`, and the measures of files of scores. Plain data.
 */
import { AlphaLoraError, type Analysis, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { NamedScore } from '@alphalora/documents/comparison';
import { type Layer, layersOf } from './layers.js';
import { type Score, scoredBy, withScores } from './scores.js';

export interface ScoreSource {
  /** Unlike that of any other: an estimator, a metric or a measure. */
  name: string;
  /** The file that it is from. */
  file: string;
  /** Of whose layers it is a score, and with neither of the next two the alphas. */
  analysis: Analysis;
  /** A metric of the analysis. */
  metric?: string;
  /** Scores from elsewhere. */
  scores?: readonly Score[];
}

/** Metrics that are scores without being asked for. */
const usual: readonly string[] = ['snr'];

/**
 * Names are as short as they can be: an estimator (`hill`), metric (`snr`) or measure (`gradient`), of
 * scores without measures their file (`mine` for `mine.csv`). Where several would have one name, that
 * of the file tells them apart: `quarter` for the alphas of `quarter.json`, `math.gradient` for a
 * measure of `math.json`.
 *
 * @param analyses at least one, of the same model
 * @param scores as `parseScores` gives them
 * @param metrics further ones of the analyses, each from the first that has it; those that none has are left out
 * @throws AlphaLoraError `INVALID_OPTION` for a file that is given twice
 *
 * @example
 * scoreSources({ analyses: [{ file: 'hill.json', analysis }] }).map(({ name }) => name); // ['hill']
 */
export function scoreSources({
  analyses,
  scores = [],
  metrics = [],
}: {
  analyses: ReadonlyArray<{ file: string; analysis: Analysis }>;
  scores?: ReadonlyArray<{ file: string; scores: readonly Score[] }>;
  metrics?: readonly string[];
}): ScoreSource[] {
  const [{ analysis }] = analyses as [(typeof analyses)[0]];
  const alphas = analyses.map((given): Unnamed => {
    const { file } = given;
    return { ...given, names: [given.analysis.options.estimator, stemOf(file), file] };
  });
  const measured = [...new Set([...usual, ...metrics])].flatMap((metric): Unnamed[] => {
    const having = analyses.find((given) => hasMetric(given.analysis, metric));
    return having ? [{ ...having, metric, names: namesFor(metric, having.file) }] : [];
  });
  const given = scores.flatMap(({ file, scores: own }): Unnamed[] => {
    const measures = Object.keys(own[0]?.measures ?? {});
    if (measures.length === 0) {
      return [{ file, analysis, scores: own, names: [stemOf(file), file] }];
    }
    return measures.map((measure) => {
      const values = scoredBy(own, measure, file);
      return { file, analysis, scores: values, names: namesFor(measure, file) };
    });
  });
  return named([...alphas, ...measured, ...given]);
}

/**
 * The layers that a source is about, with its scores.
 *
 * @throws AlphaLoraError as `layersOf` and `withScores` do
 */
export function layersScoredBy(
  {
    analysis,
    metric,
    scores,
    file,
  }: Omit<ScoreSource, 'name' | 'file'> & { file?: string | undefined },
  { per = 'block' }: { per?: 'block' | 'projection' } = {},
): Layer[] {
  const layers = layersOf(analysis, { per, ...defined({ scoredBy: metric }) });
  return scores ? withScores(layers, scores, file) : layers;
}

/** For `compareScores` of `@alphalora/documents`: every layer that the source says something of. */
export function namedScore(source: ScoreSource): NamedScore {
  const { name, file, scores } = source;
  const own = (per: 'block' | 'projection'): Layer[] => {
    try {
      return layersScoredBy(source, { per }).filter(({ weak }) => weak === undefined);
    } catch (error) {
      if (isAlphaLoraError(error, 'NO_SPECTRUM')) return [];
      throw error;
    }
  };
  // A score that is known by block says nothing of projections.
  const ofBlocks = scores?.some((row) => row.name === undefined) === true;
  return {
    name,
    source: file,
    blocks: own('block').map(({ block, stack, score }) => ({
      ...{ block, ...defined({ stack }), score },
    })),
    projections: ofBlocks
      ? []
      : own('projection').map(({ name: weight, block, role, score }) => ({
          ...{ name: weight!, block, ...defined({ role }), score },
        })),
  };
}

interface Unnamed extends Omit<ScoreSource, 'name'> {
  /** What it may be called, the shortest first. */
  names: readonly string[];
}

function namesFor(name: string, file: string): string[] {
  return [name, `${stemOf(file)}.${name}`, `${file}.${name}`];
}

/** Longer names for those that would have the same. */
function named(sources: readonly Unnamed[]): ScoreSource[] {
  const lengths = sources.map(() => 0);
  const nameOf = (i: number): string => sources[i]!.names[lengths[i]!]!;
  for (;;) {
    const all = sources.map((_, i) => nameOf(i));
    const shared = [...all.keys()].filter((i) => all.indexOf(all[i]!) !== all.lastIndexOf(all[i]!));
    if (shared.length === 0)
      return sources.map(({ names: _, ...rest }, i) => ({ name: all[i]!, ...rest }));
    const longer = shared.filter((i) => lengths[i]! + 1 < sources[i]!.names.length);
    if (longer.length === 0) {
      const { file } = sources[shared[0]!]!;
      throw new AlphaLoraError('INVALID_OPTION', `${file} is given twice`, { details: { file } });
    }
    for (const i of longer) lengths[i]! += 1;
  }
}

/** Metrics of windows (FARMS) are not those of matrices. */
function hasMetric({ matrices, options }: Analysis, metric: string): boolean {
  if (options['farms'] !== undefined) return false;
  return matrices.some(
    (row) => row.status === 'ok' && row.block !== undefined && Object.hasOwn(row.metrics, metric),
  );
}

/** `hill` for `out/hill.json`. */
function stemOf(file: string): string {
  const name = file.split(/[\\/]/).at(-1)!;
  return name.replace(/(?<=.)\.\w+$/, '');
}
