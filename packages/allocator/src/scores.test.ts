import { describe, expect, it } from 'vitest';
import { layersFromScores } from './layers.js';
import { parseScores } from './parse-scores.js';
import { scoredBy, withScores } from './scores.js';

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

describe('scores of projections with several measures', () => {
  const row = (name: string, block: number, gradient: number, fisher: number) => ({
    ...{ name, block, score: gradient },
    measures: { gradient: { mean: gradient, stderr: 1 }, fisher: { mean: fisher } },
  });
  const scores = parseScores({
    kind: 'scores',
    scores: [row('b', 1, 4, 1), row('a', 0, 1, 3), row('c', 1, 6, 2)],
  });

  it('are those of the measure that is asked for', () => {
    expect(scoredBy(scores, 'fisher').map(({ score }) => score)).toEqual([1, 3, 2]);
    expect(() => scoredBy(scores, 'toString', 's')).toThrow(
      's has no measure "toString": there are gradient, fisher',
    );
    expect(() => scoredBy([{ score: 1 }], 'fisher')).toThrow(/its rows have no measures/);
  });

  it('give blocks the mean of their projections', () => {
    const blocks = withScores(layersFromScores([9, 9]), scores);
    expect(blocks.map(({ score }) => score)).toEqual([1, 5]);
    // A projection that says no block cannot be placed.
    const [first, ...rest] = scores;
    const unplaced = [{ ...first!, block: undefined }, ...rest];
    expect(() => withScores(layersFromScores([9, 9]), unplaced, 's')).toThrow(/no layer/);
  });
});
