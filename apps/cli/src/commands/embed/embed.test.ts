/** `embed` of the built program, on a tiny BERT. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeEncoder } from '@alphalora/testing/encoder';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('embed');
const { alphalora } = programIn(root);
writeEncoder(join(root, 'model'));
const cpu = ['--backend', 'cpu'];
const texts = ['The cat sat.', 'the dogs', '', 'zebra'];
writeFileSync(join(root, 'texts.txt'), `${texts.join('\n')}\n`);
writeFileSync(
  join(root, 'texts.jsonl'),
  texts.map((text, i) => JSON.stringify(i === 1 ? text : { text, other: 1 })).join('\n'),
);

const vectorsIn = (lines: string): number[][] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).vector);

describe('embed', () => {
  it('prints a line of JSON for each text, in their order', async () => {
    const { code, stdout, stderr } = await alphalora(
      'embed',
      'model',
      '--input',
      'texts.txt',
      ...cpu,
    );
    expect(code, stderr).toBe(0);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ text }) => text)).toEqual(texts);
    for (const { vector } of found) {
      expect(vector).toHaveLength(8);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    }
  });

  it('gives the same from --text, a file of JSON lines, one text at a time, and as numpy has it', async () => {
    const options = texts.flatMap((text) => ['--text', text]);
    const plain = await alphalora('embed', 'model', ...options, ...cpu);
    const lines = await alphalora('embed', 'model', '--input', 'texts.jsonl', '-o', '-', ...cpu);
    expect(lines.stdout).toBe(plain.stdout);
    const single = ['--batch-size', '1', '-o', 'own/one.jsonl'];
    const written = await alphalora('embed', 'model', ...options, ...single, ...cpu);
    expect(written.stdout).toBe(
      '4 vectors of 8 numbers: the mean of the tokens, divided by its length\n',
    );
    expect(written.stderr).toContain('wrote own/one.jsonl');
    const expected = vectorsIn(plain.stdout);
    const one = vectorsIn(readFileSync(join(root, 'own/one.jsonl'), 'utf8'));
    for (const [row, vector] of expected.entries())
      for (const [i, value] of vector.entries()) expect(one[row]![i]).toBeCloseTo(value, 6);
    const { code } = await alphalora('embed', 'model', ...options, '-o', 'all.npy', ...cpu);
    expect(code).toBe(0);
    const bytes = readFileSync(join(root, 'all.npy'));
    expect(bytes.toString('latin1', 0, 128)).toContain("'shape': (4, 8)");
    const numbers = Array.from({ length: 32 }, (_, i) => bytes.readFloatLE(128 + 4 * i));
    expect(numbers).toEqual(expected.flat().map(Math.fround));
  });

  it('counts texts that are cut', async () => {
    const long = ['--text', 'cat '.repeat(30), '--text', 'cat', '--json'];
    const { stdout, stderr } = await alphalora('embed', 'model', ...long, ...cpu);
    expect(stderr).toContain(
      "note: 1 of 2 texts are longer than the model's 12 tokens: only their beginnings count",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ size: 8, pooling: 'mean', unit: true, maxTokens: 12 },
      vectors: [{ tokens: 32 }, { text: 'cat', tokens: 3 }],
    });
  });

  it('refuses what it cannot read or write, before it reads a model', async () => {
    writeFileSync(join(root, 'bad.jsonl'), '{"text":"a"}\n{"txt":"b"}\n');
    writeFileSync(join(root, 'empty.txt'), '\n');
    for (const [code, message, ...args] of [
      [2, /-o x.csv has to end with .npy/, '--text', 'a', '-o', 'x.csv'],
      [2, /empty.txt is empty/, '--input', 'empty.txt'],
      [1, /bad.jsonl: line 2 has no field "text"/, '--input', 'bad.jsonl'],
      [2, /-o - and --json both/, '--text', 'a', '-o', '-', '--json'],
    ] as Array<[number, RegExp, ...string[]]>) {
      const found = await alphalora('embed', 'gone', ...args);
      expect(found).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    }
  });

  it('names the kind of a model that is no encoder', async () => {
    writeLanguageModel(join(root, 'llama'));
    const { code, stderr } = await alphalora('embed', 'llama', '--text', 'a', ...cpu);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /model_type llama cannot be computed here as an encoder; it can be .*bert/,
    );
  });
});
