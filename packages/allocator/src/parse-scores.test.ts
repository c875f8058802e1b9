import { describe, expect, it } from 'vitest';
import { parseScores } from './parse-scores.js';

describe('scores', () => {
  it.each([
    ['numbers', [0.5, -2], [{ score: 0.5 }, { score: -2 }]],
    ['rows', [{ block: 1, score: 3, note: 'x' }], [{ block: 1, score: 3 }]],
    ['rows of layers', [{ layer: 1, score: 3 }], [{ block: 1, score: 3 }]],
    ['rows of layer_idx', [{ layer_idx: 1, score: 3 }], [{ block: 1, score: 3 }]],
    ['rows of scores alone', [{ score: 3 }, { score: 4 }], [{ score: 3 }, { score: 4 }]],
    ['a field of an object', { scores: [{ name: 'w', score: 3 }] }, [{ name: 'w', score: 3 }]],
    [
      'a document of a later version',
      { kind: 'scores', scores: [{ name: 'w', block: 0, score: 3, later: 1 }] },
      [{ name: 'w', block: 0, score: 3 }],
    ],
  ])('may be %s', (_, value, expected) => {
    expect(parseScores(value)).toStrictEqual(expected);
  });

  it.each([[[]], [null], [3], [{ scores: 3 }]])('are not %j', (value) => {
    expect(() => parseScores(value, 's')).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringMatching(/^s holds no scores/),
      }),
    );
  });

  it.each([
    ['no number', [1, Number.NaN], 's, row 2: score must be a finite number, not NaN'],
    ['text', [{ block: 0, score: 'x' }], 's, row 1: score must be a finite number, not "x"'],
    ['a list', [[1]], 's, row 1: must be a number or a row with a score, not [1]'],
    [
      'a negative block',
      [{ layer: -1, score: 1 }],
      's, row 1: block must be a whole number from 0, not -1',
    ],
    // Once read by the order of the rows: block 0 had the score of another.
    ...['blok', 'module', 'projection', 'Layer'].map((field): [string, unknown[], string] => [
      field,
      [{ [field]: 2, score: 30 }],
      `s, row 1: unknown field "${field}": a row has score, and block (or layer, layer_idx) or name, ` +
        'and may have role, stderr, measures and note',
    ]),
    [
      'a block and more',
      [
        { block: 0, score: 1 },
        { block: 1, score: 1, expert: 0 },
      ],
      /^s, row 2: unknown field "expert": /,
    ],
    ['no score', [{ block: 0 }], 's, row 1: has no field "score"'],
    ['two blocks', [{ block: 0, layer: 1, score: 1 }], /block and layer both say the block/],
    ['no place', [{ role: 'q_proj', score: 1 }], /no field "block" or "name" beside role, score/],
    [
      'a place now and then',
      [{ score: 1 }, { block: 1, score: 1 }],
      's, row 1: has no block or name, and row 2 has one',
    ],
    [
      'a row and a number',
      [{ block: 1, score: 1 }, 2],
      's, row 2: has no block or name, and row 1 has one',
    ],
  ])('with %s are refused', (_, value, message) => {
    expect(() => parseScores(value, 's')).toThrow(message);
  });
});
