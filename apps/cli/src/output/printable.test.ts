import { table } from '@alphalora/report/text';
import { describe, expect, it } from 'vitest';
import { guarded, printable, printableData, tell } from './printable.js';
import { statusLine } from './progress.js';

/** Every character that must not reach a terminal, each as code point. */
const controls = [
  // C0, DEL and C1; separators; ALM, LRM, RLM, embeddings and overrides, isolates.
  ...Array.from({ length: 0x20 }, (_, code) => code),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  ...[0x2028, 0x2029, 0x61c, 0x200e, 0x200f],
  ...[0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0xd800, 0xdfff],
];

function recorder(isTTY: boolean) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), isTTY, columns: 40 };
  return { output: guarded(stream), text: () => written.join('') };
}

describe('printable', () => {
  it.each(controls.map((code) => [code.toString(16), String.fromCharCode(code)]))(
    'escapes U+%s',
    (_, character) => {
      expect(printable(`a${character}b`)).toMatch(/^a\\(x[0-9a-f]{2}|u[0-9a-f]{4}|n|r|t)b$/);
    },
  );

  it('leaves what can be read', () => {
    const text = 'model.layers.0 "ünïcode 层" \\ 👩‍🔬 שלום';
    expect(printable(text)).toBe(text);
  });

  it('reaches into data', () => {
    expect(printableData({ 'a\n': ['b\r', { c: '\x1b[2J', d: 1 }], e: [1, 2], f: null })).toEqual({
      'a\\n': ['b\\r', { c: '\\x1b[2J', d: 1 }],
      e: [1, 2],
      f: null,
    });
  });

  it('keeps a message on its line, and a cell in its table', () => {
    const { output, text } = recorder(false);
    tell(output, 'failed: a\nfailed: b');
    expect(text()).toBe('failed: a\\nfailed: b\n');
    expect(table([{ title: 'x\t' }], [['1\n2']])).toBe(' x\\t\n1\\n2\n');
  });
});

describe('a guarded stream', () => {
  const hostile = '\x1b]0;title\x07 \x9b31m \r \u202e\n';

  it('lets no control through but line breaks and tabs', () => {
    for (const isTTY of [true, false]) {
      const { output, text } = recorder(isTTY);
      output.write(`${hostile}\t`);
      expect(text()).toBe('\\x1b]0;title\\x07 \\x9b31m \\r \\u202e\n\t');
    }
  });

  it('passes documents on as they are, and on a terminal as the same JSON', () => {
    const document = `${JSON.stringify({ name: '\u202e\x9b' })}\n`;
    const pipe = recorder(false);
    pipe.output.write(document, 'data');
    expect(pipe.text()).toBe(document);
    const terminal = recorder(true);
    terminal.output.write(document, 'data');
    expect(terminal.text()).toBe('{"name":"\\u202e\\u009b"}\n');
  });

  it('keeps our colors and our line of progress, on a terminal only', () => {
    const { output, text } = recorder(true);
    output.write('\x1b[36m▁▂\x1b[39m \x1b[31m\n');
    const line = statusLine(output, (name: string) => [name]);
    line.update('a\x1b[2Jb');
    line.clear();
    expect(text()).toBe('\x1b[36m▁▂\x1b[39m \\x1b[31m\n\r\x1b[Ka\\x1b[2Jb\r\x1b[K');
    const pipe = recorder(false);
    pipe.output.write('\x1b[36m');
    expect(pipe.text()).toBe('\\x1b[36m');
  });
});
