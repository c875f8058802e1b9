import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScores } from './scores.js';

const io = { signal: new AbortController().signal };

const folder = temporaryFolder('scores');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a file of scores', () => {
  const rows = [
    { block: 1, score: 0.5 },
    { block: 0, score: -2e-3 },
  ];

  it.each([
    ['JSON rows', 'a.json', JSON.stringify(rows), rows],
    ['JSON under a key', 'b.json', JSON.stringify({ model: 'x', scores: rows }), rows],
    ['a JSON list', 'c.json', '[0.5, -0.002]', [{ score: 0.5 }, { score: -0.002 }]],
    ['CSV', 'd.csv', 'block,score\n1,0.5\n0,-2e-3\n', rows],
    [
      'CSV of Excel',
      'e.csv',
      '\ufeffBlock, Score, note\r\n1, 0.5, "a,b"\r\n0,-0.002,\r\n\r\n',
      rows,
    ],
    [
      'CSV of projections',
      'f.csv',
      'name,score\n"h.0.c_attn.weight[q]",3\n',
      [{ name: 'h.0.c_attn.weight[q]', score: 3 }],
    ],
    ['CSV of layers', 'k.csv', 'layer,score\n1,0.5\n0,-2e-3\n', rows],
    ['CSV of layer_idx', 'o.csv', 'score,layer_idx\n0.5,1\n-2e-3,0\n', rows],
    ['one column', 'g.csv', 'score\n3\n4\n', [{ score: 3 }, { score: 4 }]],
  ])('may be %s', async (_, name, text, expected) => {
    const scores = await readScores(file(name, text), io);
    expect(scores.map(({ score, block, name: own }) => ({ score, block, name: own }))).toEqual(
      expected.map((row) => ({ block: undefined, name: undefined, ...row })),
    );
  });

  it.each([
    ['nothing', 'n.json', '[]', /holds no scores/],
    ['another score', 'm.csv', 'block,alpha\n0,3\n', /m\.csv, line 1: unknown column "alpha"/],
    ['no score', 'o.csv', 'block\n3\n', /o\.csv, line 1: has no column "score"/],
    [
      'a misspelt block',
      'b.csv',
      'blok,score\n1,3\n0,4\n',
      /b\.csv, line 1: unknown column "blok"/,
    ],
    ['modules', 'w.csv', 'module,score\nh.1.q,3\n', /w\.csv, line 1: unknown column "module"/],
    ['no name for a column', 'u.csv', 'block,score,\n0,3,\n', /line 1: unknown column ""/],
    ['semicolons', 's.csv', 'block;score\n0;3\n', /s\.csv, line 1: .* commas, not by ";"/],
    ['decimal commas', 'c.csv', 'block;score\n0;3,5\n', /c\.csv, line 1: .* commas, not by ";"/],
    ['tabs', 'v.csv', 'block\tscore\n0\t3\n', /line 1: .* commas, not by "\\t"/],
    ['no header', 'e.csv', '0,30\n1,20\n', /e\.csv, line 1: there are no names of columns/],
    ['a column twice', 'd.csv', 'score,Score\n0,1\n', /line 1: two columns are called "score"/],
    [
      'text for a number',
      't.csv',
      '\nblock,score\n\n0,1\n1,x\n',
      /t\.csv, line 5: score must be a finite number, not "x"/,
    ],
    ['an empty score', 'l.csv', 'block,score\n0,\n', /l\.csv, line 2: score is missing/],
    ['an empty block', 'f.csv', 'block,score\n,1\n', /f\.csv, line 2: block is missing/],
    ['half a block', 'h.csv', 'block,score\n0.5,1\n', /line 2: block must be a whole number/],
    ['infinity', 'i.csv', 'block,score\n0,Infinity\n', /finite number, not Infinity/],
    ['broken JSON', 'j.json', '{', /is not JSON/],
    ['ragged CSV', 'r.csv', 'block,score\n0,1,2\n', /is not CSV/],
  ])('with %s is refused', async (_, name, text, message) => {
    const path = file(name, text);
    await expect(readScores(path, io)).rejects.toThrow(message);
    await expect(readScores(path, io)).rejects.toMatchObject({ code: 'INVALID_DOCUMENT' });
  });

  it('that is any text gives scores or one kind of error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.json()),
        fc.constantFrom('x.json', 'x.csv'),
        async (text, name) => {
          const outcome = await readScores(file(name, text), io).catch((error) => error.code);
          if (!Array.isArray(outcome)) expect(outcome).toBe('INVALID_DOCUMENT');
          else for (const { score } of outcome) expect(Number.isFinite(score)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
