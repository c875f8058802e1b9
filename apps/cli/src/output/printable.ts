/**
 * Text that does not come from us, such as the names of tensors, made safe for a terminal: what would
 * move the cursor, change colors, end the line or turn the direction of writing is shown as an
 * escape, the way JavaScript writes it.
 */
import type { Output } from '../io.js';

/** Controls (C0, DEL, C1), line and paragraph separators, lone surrogates, controls of direction. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
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

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The only sequences of our own: colors, and the line of the progress. */
const start = '\x1b';
const ours = new RegExp(`(${start}\\[(?:33|36|39)m|\\r${start}\\[K)`);

interface Stream extends Omit<Output, 'write'> {
  write(text: string): unknown;
}

/**
 * A stream of the process as commands see it. Whatever is written for people passes through here, so
 * that a text which nobody made printable cannot do harm either. Documents pass as they are, except on
 * a terminal.
 */
export function guarded(stream: Stream): Output {
  return {
    write(text, form) {
      if (form === 'data' && !stream.isTTY) return stream.write(text);
      return stream.write(form === 'data' ? dataForTerminal(text) : guardedText(text, stream));
    },
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns as number;
    },
    hasColors: () => stream.hasColors?.() === true,
  };
}

function guardedText(text: string, { isTTY }: Stream): string {
  // Split at the pattern's group, every other part is one of our sequences.
  const parts = isTTY ? text.split(ours) : [text];
  return parts.map((part, i) => (i % 2 === 1 ? part : part.replace(unsafe, kept))).join('');
}

function kept(character: string): string {
  return character === '\n' || character === '\t'
    ? character
    : (short[character] ?? escaped(character));
}

/** JSON stays the same JSON, and so does YAML that has such characters in double quotes alone. */
export function dataForTerminal(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n' || character === '\t') return character;
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

/** A message on a line of its own. */
export function tell(output: Output, message: string): void {
  output.write(`${printable(message)}\n`);
}
