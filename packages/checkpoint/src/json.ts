/**
 * JSON (RFC 8259) from files that nobody vouches for. `JSON.parse` keeps the last of two equal keys
 * without a word, so that a header could show one tensor to a scanner and another one to us; here
 * equal keys are an error, however they are escaped. Where a file is read as Python's json module reads it,
 * which takes the last too, they are a note.
 */
import type { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, quoted } from './errors.js';
import { refuseSubstitute } from './formats/foreign.js';
import { plainName } from './sources/plain-name.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Python's json module writes infinity and NaN by name, which is not JSON; some config.json have
 * them. In the dialect `python` they are read as null, a byte order mark is passed over, and of equal
 * keys the last counts. Of `counts`, what has a sign, a point or an exponent is null: -0.0 is no more
 * a count than -1 is, though `JSON.parse` tells it from 0 as little as 4.0 from 4.
 */
type Dialect = 'json' | 'python' | 'counts';

export interface JsonOptions {
  /** @default 'json' */
  readonly dialect?: Dialect;
  /** Is told of equal keys in the dialect `python`. */
  readonly onNote?: (note: string) => void;
}

const names = /"|-?Infinity|NaN/g;
const numbersButCounts = /"|-\d[\d.eE+-]*|\d+[.eE][\d.eE+-]*/g;

/**
 * @param bytes UTF-8
 * @param file for messages
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is no JSON object, nested too deep or, in other
 *   dialects than Python's, names a key twice
 */
export function parseJsonObject(
  bytes: Uint8Array,
  file: string,
  { dialect = 'json', onNote }: JsonOptions = {},
): JsonObject {
  let text: string;
  let value: unknown;
  try {
    // `ignoreBOM` keeps a byte order mark, which JSON.parse refuses; editors on Windows write some.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: dialect !== 'python' }).decode(bytes);
    if (dialect === 'python') text = withNull(text, names);
    value = JSON.parse(text);
    const counts = dialect === 'counts' ? withNull(text, numbersButCounts) : text;
    if (counts !== text) value = JSON.parse(counts);
  } catch (cause) {
    refuseSubstitute(bytes, file);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`not valid JSON (${why}); ${downloadAgain}`, { file, cause });
  }
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw invalid(`its JSON is ${what}, not an object; ${downloadAgain}`, { file });
  }
  let first: Duplicate | undefined;
  let further = 0;
  for (const duplicate of duplicateKeys(text, file)) {
    if (dialect !== 'python') throw twice(duplicate, file);
    if (first) further++;
    else first = duplicate;
  }
  if (first) {
    const others = further > 0 ? `, and ${further} more do` : '';
    onNote?.(`${plainName(file)}: ${wordsOf(first)}${others}; the last one counts, as in Python`);
  }
  return value;
}

/**
 * Reads a whole JSON file of at most `limit` bytes.
 * @throws AlphaLoraError as {@link parseJsonObject}, and `INVALID_CHECKPOINT` when it is larger
 */
export async function readJsonObject(
  source: ByteSource,
  limit: number,
  { signal, ...options }: JsonOptions & { signal?: AbortSignal | undefined } = {},
): Promise<JsonObject> {
  const { name, byteLength } = source;
  if (byteLength > limit) {
    throw invalid(`${byteLength} bytes are too many for this file; at most ${limit} are read`, {
      file: name,
    });
  }
  return parseJsonObject(await source.read(0, byteLength, signal), name, options);
}

/** What shows or writes JSON recurses; headers and configurations have a handful of levels. */
const DEEPEST = 100;

/** A key that an object holds twice, and the key of that object. */
interface Duplicate {
  readonly key: string;
  readonly parent: string;
}

function wordsOf({ key, parent }: Duplicate): string {
  return `the name ${quoted(key)} appears twice${parent === '' ? '' : ` in ${quoted(parent)}`}`;
}

function twice(duplicate: Duplicate, file: string): AlphaLoraError {
  const { key, parent } = duplicate;
  return invalid(`${wordsOf(duplicate)}; write the file again with each name once`, {
    file,
    tensor: parent === '' ? key : parent,
  });
}

/**
 * @param text valid JSON
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is nested too deep
 */
function* duplicateKeys(text: string, file: string): Generator<Duplicate, void, undefined> {
  const open: Array<{ keys: Set<string>; parent: string }> = [];
  let lastKey = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      if (open.length === DEEPEST) throw invalid(`its JSON is more than ${DEEPEST} deep`, { file });
      open.push({ keys: new Set(), parent: lastKey });
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      open.pop();
    } else if (character === QUOTE) {
      const end = endOfString(text, i);
      if (isKey(text, end)) {
        const raw = text.slice(i, end);
        const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
        const { keys, parent } = open.at(-1)!;
        if (keys.has(key)) yield { key, parent };
        keys.add(key);
        lastKey = key;
      }
      i = end - 1;
    }
  }
}

/** The text with null for each match outside of quotes. @param pattern also matches a quote */
function withNull(text: string, pattern: RegExp): string {
  pattern.lastIndex = 0;
  let result = '';
  let copied = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (match[0] === '"') {
      pattern.lastIndex = endOfString(text, match.index);
    } else {
      result += `${text.slice(copied, match.index)}null`;
      copied = pattern.lastIndex;
    }
  }
  return result + text.slice(copied);
}

/** The position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length && text.charCodeAt(i) !== QUOTE; i++)
    if (text.charCodeAt(i) === BACKSLASH) i++;
  return i + 1;
}

/** Whether the string that ends before `end` is followed by a colon. */
function isKey(text: string, end: number): boolean {
  let i = end;
  while (text.charCodeAt(i) <= SPACE) i++;
  return text.charCodeAt(i) === COLON;
}

const [SPACE, QUOTE, COLON, BACKSLASH] = [0x20, 0x22, 0x3a, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
