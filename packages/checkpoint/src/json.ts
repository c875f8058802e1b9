/**
 * JSON (RFC 8259) from files that nobody vouches for. `JSON.parse` keeps the last of two equal keys
 * without a word, so that a header could show one tensor to a scanner and another one to us; here
 * equal keys are an error, however they are escaped.
 */
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, quoted } from './errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Python's json module writes infinity and NaN by name, which is not JSON; some config.json have
 * them. In the dialect `python` they are read as null, and a byte order mark is passed over. Of `counts`, what has a sign, a point or an
 * exponent is: -0.0 is no more a count than -1 is, though `JSON.parse` tells it from 0 as little as
 * 4.0 from 4.
 */
type Dialect = 'json' | 'python' | 'counts';

const names = /"|-?Infinity|NaN/g;
const numbersButCounts = /"|-\d[\d.eE+-]*|\d+[.eE][\d.eE+-]*/g;

/**
 * @param bytes UTF-8
 * @param file for messages
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is no JSON object, nested too deep or names a
 *   key twice
 */
export function parseJsonObject(
  bytes: Uint8Array,
  file: string,
  dialect: Dialect = 'json',
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
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`not valid JSON (${why}); ${downloadAgain}`, { file, cause });
  }
  if (!isObject(value)) throw invalid('its JSON is not an object', { file });
  const duplicate = duplicateKey(text, file);
  if (duplicate) {
    const where = duplicate.parent === '' ? '' : ` in ${quoted(duplicate.parent)}`;
    throw invalid(
      `the name ${quoted(duplicate.key)} appears twice${where}; write the file again with each name once`,
      { file, tensor: duplicate.parent === '' ? duplicate.key : duplicate.parent },
    );
  }
  return value;
}

/**
 * Reads a whole JSON file of at most `limit` bytes.
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is larger, no JSON object or names a key twice
 */
export async function readJsonObject(
  source: ByteSource,
  limit: number,
  signal?: AbortSignal,
  dialect?: Dialect,
): Promise<JsonObject> {
  const { name, byteLength } = source;
  if (byteLength > limit) {
    throw invalid(`${byteLength} bytes are too many for this file; at most ${limit} are read`, {
      file: name,
    });
  }
  return parseJsonObject(await source.read(0, byteLength, signal), name, dialect);
}

/** What shows or writes JSON recurses; headers and configurations have a handful of levels. */
const DEEPEST = 100;

/**
 * The first key that an object holds twice, with the key of that object. `text` is valid JSON.
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is nested too deep
 */
function duplicateKey(text: string, file: string): { key: string; parent: string } | undefined {
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
        if (keys.has(key)) return { key, parent };
        keys.add(key);
        lastKey = key;
      }
      i = end - 1;
    }
  }
  return undefined;
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
