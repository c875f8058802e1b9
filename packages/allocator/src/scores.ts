/**
 * Scores from anywhere, such as the influence scores of LayerIF (arXiv 2505.23811), in place of alpha:
 * a plain list, or rows with `score` and a `block`, or the `name` of a projection's weight.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Layer } from './layers.js';

/** A score of a block, of a projection, or, with neither, of the layer at its position. */
export interface Score {
  block?: number | undefined;
  name?: string | undefined;
  score: number;
  /** Of a Scores document: the means of all that was measured, of which the score is one. */
  measures?: Readonly<Record<string, { mean: number }>> | undefined;
}

/**
 * The same rows, scored with another of their measures.
 *
 * @param scores of a Scores document, as `alphalora calibrate` writes it
 * @throws AlphaLoraError `INVALID_DOCUMENT` where a row has no such measure; lists those that it has
 */
export function scoredBy(
  scores: readonly Score[],
  measure: string,
  source = 'the list of scores',
): Score[] {
  return scores.map((row) => {
    const { measures = {} } = row;
    if (Object.hasOwn(measures, measure)) return { ...row, score: measures[measure]!.mean };
    const names = Object.keys(measures);
    const there = names.length > 0 ? `there are ${names.join(', ')}` : 'its rows have no measures';
    throw invalid(source, `has no measure ${JSON.stringify(measure)}: ${there}`);
  });
}

/**
 * Scores of blocks from those of projections: the mean of each block's, in the order of the blocks.
 *
 * @param scores each with a block
 */
export function scoresOfBlocks(scores: readonly Score[]): Score[] {
  const blocks = new Map<number, number[]>();
  for (const { block, score } of scores) {
    const own = blocks.get(block!) ?? [];
    own.push(score);
    blocks.set(block!, own);
  }
  return [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([block, own]) => {
      return { block, score: own.reduce((sum, score) => sum + score, 0) / own.length };
    });
}

/**
 * The same layers with these scores in place of their own. Blocks take the mean of their projections'
 * scores where the rows have both a name and a block.
 *
 * @param source what messages call the scores
 * @throws AlphaLoraError `INVALID_DOCUMENT` where a layer has no score or two, or a score no layer
 */
export function withScores(
  layers: readonly Layer[],
  given: readonly Score[],
  source = 'the list of scores',
): Layer[] {
  const areBlocks = layers.every(({ name }) => name === undefined);
  const scores = areBlocks && areOfProjections(given) ? scoresOfBlocks(given) : given;
  const [first] = scores;
  const key = first?.name !== undefined ? 'name' : first?.block !== undefined ? 'block' : undefined;
  if (key === undefined) {
    if (scores.length !== layers.length) {
      throw invalid(source, `has ${scores.length} scores, and there are ${layers.length} layers`);
    }
    return layers.map((layer, i) => scoredWith(layer, scores[i]!.score));
  }
  const byKey = new Map<string | number, number>();
  for (const row of scores) {
    const place = row[key];
    if (place === undefined) throw invalid(source, `has rows without ${key}`);
    if (byKey.has(place)) throw invalid(source, `has two scores of ${key} ${place}`);
    byKey.set(place, row.score);
  }
  const known = new Set(layers.map((layer) => layer[key]));
  const stray = [...byKey.keys()].find((place) => !known.has(place));
  if (stray !== undefined) {
    throw invalid(source, `has a score of ${key} ${stray}, which is no layer`);
  }
  return layers.map((layer) => {
    const score = byKey.get(layer[key]!);
    if (score === undefined) throw invalid(source, `has no score of ${key} ${layer[key]}`);
    return scoredWith(layer, score);
  });
}

/** Whether each row is of a projection and says in which block that is. */
export function areOfProjections(scores: readonly Score[]): boolean {
  return scores.every(({ name, block }) => name !== undefined && block !== undefined);
}

/** Whatever the fits behind its own score were worth no longer matters. */
function scoredWith(
  { weak: _, scoredBy: __, blockScore: ___, ...layer }: Layer,
  score: number,
): Layer {
  return { ...layer, score };
}

function invalid(source: string, what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_DOCUMENT', `${source} ${what}`, { details: { file: source } });
}
