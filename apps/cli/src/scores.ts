/**
 * Scores from anywhere, such as the influence scores of LayerIF (arXiv 2505.23811), as JSON or CSV:
 * a plain list, or rows with `score` and a `block`, or the `name` of a projection's weight.
 */
import { extname } from 'node:path';
import type { Layer } from '@alphalora/allocator';
import { AlphaLoraError } from '@alphalora/contracts';
import { parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { inputName, readText } from './files.js';
import type { Io } from './io.js';

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
const fileSchema = v.union([
  listSchema,
  v.pipe(
    v.object({ scores: listSchema }),
    v.transform(({ scores }) => scores),
  ),
]);

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` saying what is expected */
export async function readScores(file: string, io: Pick<Io, 'signal'>): Promise<Score[]> {
  const text = await readText(file, io);
  const content = extname(file).toLowerCase() === '.csv' ? rowsOf(text, file) : jsonOf(text, file);
  const result = v.safeParse(fileSchema, content);
  if (result.success) return result.output;
  const [issue] = v.flatten(result.issues).root ?? [v.getDotPath(result.issues[0]) ?? 'a row'];
  throw invalid(
    file,
    `holds no scores (${issue}): it must be a list of numbers, or rows of block (or name) and score`,
  );
}

function rowsOf(text: string, file: string): unknown {
  try {
    return parse(text, {
      bom: true,
      columns: (header: string[]) => header.map((title) => title.toLowerCase()),
      skip_empty_lines: true,
      trim: true,
      cast: (value, { header, column }) =>
        header || column === 'name' || value === '' ? value || undefined : Number(value),
    });
  } catch (cause) {
    throw invalid(file, `is not CSV: ${(cause as Error).message}`, cause);
  }
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `is not JSON: ${(cause as Error).message}`, cause);
  }
}

/**
 * The same layers with these scores in place of their own.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` where a layer has no score or two, or a score no layer
 */
export function withScores(
  layers: readonly Layer[],
  scores: readonly Score[],
  file: string,
): Layer[] {
  const [first] = scores;
  const key = first!.name !== undefined ? 'name' : first!.block !== undefined ? 'block' : undefined;
  if (key === undefined) {
    if (scores.length !== layers.length) {
      throw invalid(file, `has ${scores.length} scores, and there are ${layers.length} layers`);
    }
    return layers.map((layer, i) => scoredWith(layer, scores[i]!.score));
  }
  const byKey = new Map<string | number, number>();
  for (const row of scores) {
    const place = row[key];
    if (place === undefined) throw invalid(file, `has rows without ${key}`);
    if (byKey.has(place)) throw invalid(file, `has two scores of ${key} ${place}`);
    byKey.set(place, row.score);
  }
  const known = new Set(layers.map((layer) => layer[key]));
  const stray = [...byKey.keys()].find((place) => !known.has(place));
  if (stray !== undefined) throw invalid(file, `has a score of ${key} ${stray}, which is no layer`);
  return layers.map((layer) => {
    const score = byKey.get(layer[key]!);
    if (score === undefined) throw invalid(file, `has no score of ${key} ${layer[key]}`);
    return scoredWith(layer, score);
  });
}

/** Whatever the fits behind its own score were worth no longer matters. */
function scoredWith({ weak: _, ...layer }: Layer, score: number): Layer {
  return { ...layer, score };
}

function invalid(path: string, what: string, cause?: unknown): AlphaLoraError {
  const file = inputName(path);
  return new AlphaLoraError('INVALID_DOCUMENT', `${file} ${what}`, { details: { file }, cause });
}
