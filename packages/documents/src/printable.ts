/**
 * Text that does not come from us, such as the names of tensors, made safe for terminals and files of
 * others: what would move the cursor, change colors, end the line or turn the direction of writing is
 * shown as an escape.
 */

/** Controls (C0, DEL, C1), line and paragraph separators, lone surrogates, controls of direction. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line, with escapes as JavaScript writes them. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Plain data with every text in it on one line, keys included. */
export function printableData<Data>(data: Data): Data {
  return map(data) as Data;
}

function map(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null) return value;
  // Long lists of numbers are left as they are.
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(map);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [printable(key), map(part)]),
  );
}

/** JSON stays the same JSON, and so does YAML that has such characters in double quotes alone. */
export function escapedData(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n' || character === '\t') return character;
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}
