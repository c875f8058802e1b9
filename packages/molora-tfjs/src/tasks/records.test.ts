/** Records of every format, and the place in the message where one is broken. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedWork } from '../test-support/counted-work.js';
import { numberOf, parseRecords, textOf, textsOf } from './records.js';

const fieldsOf = (text: string, file: string, columns?: readonly string[]): unknown[] =>
  parseRecords(text, file, { columns }).map(({ fields }) => fields);

describe('parseRecords', () => {
  it.each<[string, string, unknown[]]>([
    ['[{"a":1},{"a":2}]', 'x.json', [{ a: 1 }, { a: 2 }]],
    ['{"a":1}\n\n{"a":2}\r\n', 'x.jsonl', [{ a: 1 }, { a: 2 }]],
    ['{"a":1}\n{"a":2}', 'x.json', [{ a: 1 }, { a: 2 }]],
    ['\uFEFF [{"a":1}]', 'x', [{ a: 1 }]],
    ['a\tb\n1\t"2\n', 'x.tsv', [{ a: '1', b: '"2' }]],
    ['a\tb\r\n1\t\r\n', 'x.tsv', [{ a: '1', b: '' }]],
    ['a,b\n1,2', 'X.CSV', [{ a: '1', b: '2' }]],
    ['a,b\r\n"1, ""one""","2\n3"\r\n', 'x.csv', [{ a: '1, "one"', b: '2\n3' }]],
    ['a,b\n1,', 'x.csv', [{ a: '1', b: '' }]],
    ['', 'x.csv', []],
    ['', 'x.tsv', []],
    ['', 'x.jsonl', []],
  ])('%j as %s', (text, file, expected) => {
    expect(fieldsOf(text, file)).toEqual(expected);
  });

  it('names the columns of files without a header', () => {
    expect(fieldsOf('1\t2\n3\t4', 'x.tsv', ['a', 'b'])).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it.each<[string, string, string]>([
    ['[{]', 'x.json', 'x.json: no valid JSON'],
    ['{"a":1}\n{"a"', 'x.jsonl', 'x.jsonl, line 2: no valid JSON'],
    [
      '[\n  {"a":1}\n]',
      'x.jsonl',
      'x.jsonl: it is a JSON list, not a record in each line; name it .json',
    ],
    [
      'a;b\n1;2,3',
      'x.csv',
      '2 fields, where there is 1 column: its columns are separated by semicolons',
    ],
    ['[1]', 'x.json', 'x.json, record 1: no object'],
    ['[[]]', 'x.json', 'x.json, record 1: no object'],
    ['null', 'x.json', 'its JSON is no list'],
    ['plain', 'x.md', 'its format is not known'],
    ['plain', 'x.txt', 'it is plain text, and this task takes records'],
    ['a,a\n1,2', 'x.csv', 'two of its columns are called "a"'],
    ['a,b\n"1\r\n2",3\r\n4', 'x.csv', 'x.csv, line 4: 1 field,'],
    ['a\tb\n1\t2\t3', 'x.tsv', 'x.tsv, line 2: 3 fields, where there are 2 columns'],
    ['a\tb\n1', 'x.tsv', 'x.tsv, line 2: 1 field, where there are 2 columns'],
    ['a,b\n"1\n\n2",3\n4', 'x.csv', 'x.csv, line 5: 1 field,'],
    ['a\n"b', 'x.csv', 'x.csv, line 2: a quotation mark'],
    ['a\nb"c', 'x.csv', 'x.csv, line 2: a quotation mark'],
    ['a\n"b"c', 'x.csv', 'x.csv, line 2: a quotation mark'],
  ])('refuses %j as %s', (text, file, message) => {
    expect(() => parseRecords(text, file)).toThrow(
      expect.objectContaining({
        tag: 'alphalora',
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each<[string, string, number]>([
    ['{"a":"x","b":1}\n{"a":null,"b":null}\n{"a":"","b":""}\n', 'x.jsonl', 1],
    ['a,b\nx,1\n,\n""," "\n,""\n', 'x.csv', 2],
  ])('skips records without content, and tells how many: %j', (text, file, left) => {
    const notes: string[] = [];
    const records = parseRecords(text, file, { onNote: (note) => notes.push(note) });
    expect(records).toHaveLength(left);
    expect(notes).toEqual([`${file}: 2 of ${left + 2} records are blank and were skipped`]);
  });

  it('reads comma-separated values whatever is in them', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ü') });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const text = rows.map((row) => row.map(quoted).join(',')).join('\n');
        const filled = rows.filter(([p, q]) => p !== '' || q !== '');
        expect(fieldsOf(text, 'x.csv', ['p', 'q'])).toEqual(filled.map(([p, q]) => ({ p, q })));
      }),
      { seed: 1 },
    );
  });

  it('gives records or a tagged error for any text', () => {
    const file = fc.constantFrom('x.json', 'x.jsonl', 'x.tsv', 'x.csv', 'x');
    const text = fc.string({ unit: fc.constantFrom(...'ab{}[]",:\t\n\r1'.split('')) });
    fc.assert(
      fc.property(text, file, (given, name) => {
        try {
          for (const { fields } of parseRecords(given, name)) expect(fields).toBeTypeOf('object');
        } catch (error) {
          expect(error).toMatchObject({ tag: 'alphalora', code: 'INVALID_DOCUMENT' });
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it.each<[string, (size: number) => string]>([
    ['long quoted text', (size) => `a\n"${'b'.repeat(size)}"`],
    ['doubled marks', (size) => `a\n"${'""'.repeat(size)}"`],
    ['a mark that is not closed', (size) => `a\n"${'""'.repeat(size)}`],
    ['many rows', (size) => `a,b\n${'"1",2\n'.repeat(size)}`],
  ])('takes work that grows with the text: %s', async (_, text) => {
    const work = (size: number) =>
      countedWork(() => {
        try {
          parseRecords(text(size), 'x.csv');
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_DOCUMENT' });
        }
      });
    expect((await work(300)) / (await work(150))).toBeLessThan(2.1);
  });
});

describe('fields', () => {
  const record = {
    fields: { a: 'x', b: 2, c: '3.5', d: ['e'], f: '', g: '["h", 1]', h: '["i"]' },
    place: 'x.json, record 7',
  };

  it('are read by their types', () => {
    expect(textOf(record, 'a')).toBe('x');
    expect(numberOf(record, 'b')).toBe(2);
    expect(numberOf(record, 'c')).toBe(3.5);
    expect(textsOf(record, 'd')).toEqual(['e']);
    expect(textsOf(record, 'h')).toEqual(['i']);
  });

  it.each<[() => unknown, string]>([
    [() => textOf(record, 'b'), 'b is a number, not text'],
    [() => textOf(record, 'z'), 'no field "z" (its fields are a, b, c, d, f, g, h)'],
    [() => textOf(record, 'constructor'), 'no field "constructor"'],
    [() => numberOf(record, 'a'), 'a is not a number'],
    [() => numberOf(record, 'f'), 'f is not a number'],
    [() => textsOf(record, 'a'), 'a is not a list: in a cell of a table, write it as JSON'],
    [() => textsOf(record, 'g'), 'g is not a list of texts'],
  ])('are refused with the place: %#', (act, message) => {
    expect(act).toThrow(`x.json, record 7: ${message}`);
  });

  it.each<[string, string]>([
    ['Prompt,Completion', ': "Prompt" has another case; rename it to "prompt"'],
    [' prompt , completion', ': " prompt " has blanks around it; rename it to "prompt"'],
    ['prompt;completion', ': its columns are separated by semicolons; separate them by commas'],
    ['prompt\tcompletion', ': its columns are separated by tabs; name it .tsv'],
    ['question,answer', ' (its fields are question, answer)'],
  ])('are missed with a hint in a table of %j', (header, hint) => {
    const row = header.replaceAll(/\w+/g, 'a');
    const [first] = parseRecords(`${header}\n${row}\n`, 'x.csv');
    const escaped = hint.replaceAll(/[()]/g, '\\$&');
    expect(() => textOf(first!, 'prompt')).toThrow(
      new RegExp(`line 2: no field "prompt".*${escaped}$`),
    );
  });
});
