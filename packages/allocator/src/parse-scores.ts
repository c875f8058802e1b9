/**
 * Scores from documents of unknown origin. A row with a field that is not known is refused: a block or a
 * name under another heading would leave the rows to be read by their order alone.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import * as v from 'valibot';
import type { Score } from './scores.js';

/** What messages call the parts of a document. */
export interface ScorePlaces {
  /** Of a row by its position, such as `line 3`. @default `row 3` */
  row?: (position: number) => string;
  /** Of the names of the columns, where the rows do not have their own, such as `line 1`. */
  header?: string;
}

/** Fields that say the block of a row; the first is the document's own. */
const blockFields = ['block', 'layer', 'layer_idx'];
const placeFields = [...blockFields, 'name'];
/** Fields that change nothing: all others count as misspelled. */
const knownFields = [...placeFields, 'score', 'role', 'stderr', 'measures', 'note'];

const number = 'must be a finite number';
const whole = 'must be a whole number from 0';
const finite = v.pipe(v.number(number), v.finite(number));
const rowSchema = v.object({
  score: finite,
  block: v.optional(v.pipe(v.number(whole), v.safeInteger(whole), v.minValue(0, whole))),
  name: v.optional(v.string('must be text')),
  measures: v.optional(v.record(v.string(), v.object({ mean: finite }))),
});

/**
 * Rows are read by their order where they are numbers, or have `score` as their only field. `layer` and
 * `layer_idx` are other names of `block`. A Scores document (`kind: 'scores'`) may hold more than is known.
 *
 * @param value from `JSON.parse` or a reader of CSV: a list of numbers or rows, or such a list as the
 *   field `scores` of an object
 * @param source what messages call it, such as the name of its file
 * @returns at least one score, all finite
 * @throws AlphaLoraError `INVALID_DOCUMENT` naming the row, and the field that is wrong or not known
 *
 * @example
 * parseScores([{ layer: 1, score: 0.5 }]); // [{ block: 1, score: 0.5 }]
 */
export function parseScores(
  value: unknown,
  source = 'the document',
  places: ScorePlaces = {},
): Score[] {
  const document = isObject(value) ? value : {};
  const rows = Array.isArray(value) ? value : document['scores'];
  const strict = document['kind'] !== 'scores';
  if (!Array.isArray(rows) || rows.length === 0) {
    throw invalid(
      source,
      ' holds no scores: it must be a list of numbers, or rows of block (or name) and score',
    );
  }
  const { row: placeOf = (position: number) => `row ${position + 1}` } = places;
  const scores = rows.map((row: unknown, i) => {
    const fault = (what: string, place = placeOf(i)) => invalid(source, `, ${place}: ${what}`);
    if (typeof row === 'number') return parsed({ score: row }, fault);
    if (!isObject(row)) throw fault(`must be a number or a row with a score, not ${shown(row)}`);
    const fields = Object.keys(row);
    requireKnown(fields, strict, places.header, fault);
    const { [fields.find((field) => blockFields.includes(field)) ?? 'block']: block, ...rest } =
      row;
    const score = parsed({ ...rest, ...defined({ block }) }, fault);
    const empty = fields.find((field) => placeFields.includes(field));
    if (empty !== undefined && !isPlaced(score)) throw fault(`${empty} is missing`);
    return score;
  });
  const first = isPlaced(scores[0]!);
  const odd = scores.findIndex((score) => isPlaced(score) !== first);
  if (odd !== -1) {
    const bare = placeOf(first ? odd : 0);
    throw invalid(
      source,
      `, ${bare}: has no block or name, and ${placeOf(first ? 0 : odd)} has one`,
    );
  }
  return scores;
}

type Fail = (what: string, place?: string) => AlphaLoraError;

function requireKnown(
  fields: readonly string[],
  strict: boolean,
  header: string | undefined,
  fault: Fail,
): void {
  const kind = header === undefined ? 'field' : 'column';
  const stray = strict ? fields.find((field) => !knownFields.includes(field)) : undefined;
  if (stray !== undefined) {
    throw fault(
      `unknown ${kind} ${shown(stray)}: a row has score, and block (or layer, layer_idx) or name, ` +
        'and may have role, stderr, measures and note',
      header,
    );
  }
  const blocks = fields.filter((field) => blockFields.includes(field));
  if (blocks.length > 1) throw fault(`${blocks.join(' and ')} both say the block`, header);
  if (!fields.includes('score')) throw fault(`has no ${kind} "score"`, header);
  if (fields.length > 1 && !fields.some((field) => placeFields.includes(field))) {
    throw fault(`has no ${kind} "block" or "name" beside ${fields.join(', ')}`, header);
  }
}

function parsed(row: Readonly<Record<string, unknown>>, fault: Fail): Score {
  const result = v.safeParse(rowSchema, row);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const { input, message } = issue;
  const what = input === undefined ? 'is missing' : `${message}, not ${shown(input)}`;
  throw fault(`${v.getDotPath(issue)} ${what}`);
}

function isPlaced({ block, name }: Score): boolean {
  return block !== undefined || name !== undefined;
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value).slice(0, 60);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(source: string, what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_DOCUMENT', `${source}${what}`, { details: { file: source } });
}
