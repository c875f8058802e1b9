/**
 * Scores from anywhere, such as the influence scores of LayerIF (arXiv 2505.23811), in place of alpha:
 * a plain list, or rows with `score` and a `block`, or the `name` of a projection's weight.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import type { Layer } from './layers.js';

/** A score of a block, of a projection, or, with neither, of the layer at its position. */
export interface Score {
  block?: number | undefined;
  name?: string | undefined;
  score: number;
}

const finite = v.pipe(v.number(), v.finite());
const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const rowSchema = v.union([
  v.pipe(
    finite,
    v.transform((score): Score => ({ score })),
  ),
  v.object({ score: finite, block: v.optional(index), name: v.optional(v.string()) }),
]);
const listSchema = v.pipe(v.array(rowSchema), v.minLength(1));
const documentSchema = v.union([
  listSchema,
  v.pipe(
    v.object({ scores: listSchema }),
    v.transform(({ scores }) => scores),
  ),
]);

/**
 * @param value from `JSON.parse` or a reader of CSV: a list of numbers or rows, or such a list as the
 *   field `scores` of an object
 * @param source what messages call it, such as the name of its file
 * @returns at least one score, all finite
 * @throws AlphaLoraError `INVALID_DOCUMENT` saying what is expected
 */
export function parseScores(value: unknown, source = 'the document'): Score[] {
  const result = v.safeParse(documentSchema, value);
  if (result.success) return result.output;
  const [issue] = v.flatten(result.issues).root ?? [v.getDotPath(result.issues[0]) ?? 'a row'];
  throw invalid(
    source,
    `holds no scores (${issue}): it must be a list of numbers, or rows of block (or name) and score`,
  );
}

/**
 * The same layers with these scores in place of their own.
 *
 * @param source what messages call the scores
 * @throws AlphaLoraError `INVALID_DOCUMENT` where a layer has no score or two, or a score no layer
 */
export function withScores(
  layers: readonly Layer[],
  scores: readonly Score[],
  source = 'the list of scores',
): Layer[] {
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

/** Whatever the fits behind its own score were worth no longer matters. */
function scoredWith({ weak: _, ...layer }: Layer, score: number): Layer {
  return { ...layer, score };
}

function invalid(source: string, what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_DOCUMENT', `${source} ${what}`, { details: { file: source } });
}
