import { describe, expect, it } from 'vitest';
import { layersFromScores } from './layers.js';
import { parseScores, withScores } from './scores.js';

describe('scores', () => {
  it.each([
    ['numbers', [0.5, -2], [{ score: 0.5 }, { score: -2 }]],
    ['rows', [{ block: 1, score: 3, note: 'x' }], [{ block: 1, score: 3 }]],
    ['a field of an object', { scores: [{ name: 'w', score: 3 }] }, [{ name: 'w', score: 3 }]],
  ])('may be %s', (_, value, expected) => {
    expect(parseScores(value)).toEqual(expected);
  });

  it.each([[[]], [null], [[Number.NaN]], [[{ block: -1, score: 1 }]], [{ scores: 3 }]])(
    'are not %j',
    (value) => {
      expect(() => parseScores(value, 's')).toThrow(
        expect.objectContaining({
          code: 'INVALID_DOCUMENT',
          message: expect.stringMatching(/^s holds no scores/),
        }),
      );
    },
  );
});

describe('scores take the place of alpha', () => {
  const layers = layersFromScores([9, 9]).map((layer, i) => ({ ...layer, name: `w${i}` }));

  it.each([
    ['by position', [{ score: 1 }, { score: 2 }]],
    [
      'by block, in any order',
      [
        { block: 1, score: 2 },
        { block: 0, score: 1 },
      ],
    ],
    [
      'by name, in any order',
      [
        { name: 'w1', score: 2 },
        { name: 'w0', score: 1 },
      ],
    ],
  ])('%s', (_, scores) => {
    expect(withScores(layers, scores, 's').map(({ score }) => score)).toEqual([1, 2]);
  });

  it.each([
    ['too few', [{ score: 1 }], /s has 1 scores, and there are 2 layers/],
    ['a missing block', [{ block: 0, score: 1 }], /s has no score of block 1/],
    [
      'a block twice',
      [
        { block: 0, score: 1 },
        { block: 0, score: 2 },
      ],
      /two scores of block 0/,
    ],
    ['a strange name', [{ name: 'z', score: 1 }], /score of name z, which is no layer/],
    ['mixed keys', [{ block: 0, score: 1 }, { score: 1 }], /rows without block/],
  ])('unless there are %s', (_, scores, message) => {
    expect(() => withScores(layers, scores, 's')).toThrow(message);
  });
});
