/**
 * What commands write, made safe for a terminal: texts that do not come from us on one line, and a
 * stream that lets nothing else through.
 */
import { escapedData, printable, printableData } from '@alphalora/documents/terms';
import type { Output } from '../io.js';

export { printable, printableData };

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
      return stream.write(form === 'data' ? escapedData(text) : guardedText(text, stream));
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
  return parts
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[^\n\t]+/g, printable)))
    .join('');
}

/** A message on a line of its own. */
export function tell(output: Output, message: string): void {
  output.write(`${printable(message)}\n`);
}
