import { describe, expect, it } from 'vitest';
import { encodeExamples, fingerprint, tokenBatch } from './sequences.js';
import { targetWeight } from './trainable.js';

/** BOS is 1, EOS 2; a letter is its code, except that "ab" joins to one token, 900. */
const encode = (text: string): number[] => [
  1,
  ...(text.match(/ab|./gs) ?? []).map((part) => (part === 'ab' ? 900 : part.charCodeAt(0))),
];
const options = { encode, endOfSequence: 2, maxLength: 8 };
const [x, y, z] = [120, 121, 122];

const shown = (examples: Array<[string, string]>, more = {}) =>
  encodeExamples(
    examples.map(([prompt, completion]) => ({ prompt, completion })),
    { ...options, ...more },
  ).sequences.map(({ ids, weights }) => [[...ids], [...weights]]);

describe('an example as tokens', () => {
  it('has the completion and the end as targets', () => {
    expect(shown([['xy', 'z']])).toEqual([
      [
        [1, x, y, z, 2],
        [0, 0, 0, 1, 1],
      ],
    ]);
  });

  it('has the prompt as targets too when told so, but never the first token', () => {
    expect(shown([['xy', 'z']], { lossOnPrompt: true })).toEqual([
      [
        [1, x, y, z, 2],
        [0, 1, 1, 1, 1],
      ],
    ]);
    const bare = { encode: (text: string) => encode(text).slice(1), lossOnPrompt: true };
    expect(shown([['x', 'y']], bare)).toEqual([
      [
        [x, y, 2],
        [0, 1, 1],
      ],
    ]);
    expect(shown([['', 'xy']], { encode: bare.encode })).toEqual([
      [
        [x, y, 2],
        [0, 1, 1],
      ],
    ]);
  });

  it('counts a token over the border to the completion', () => {
    expect(shown([['xa', 'by']])).toEqual([
      [
        [1, x, 900, y, 2],
        [0, 0, 1, 1, 1],
      ],
    ]);
  });

  it('gets no second end from a tokenizer that adds one, nor one where it was cut', () => {
    const ending = (text: string): number[] => [...encode(text), 2];
    expect(shown([['x', 'y']], { encode: ending })).toEqual([
      [
        [1, x, y, 2],
        [0, 0, 1, 1],
      ],
    ]);
    expect(shown([['x', 'yzyzyzyz']])).toEqual([
      [
        [1, x, y, z, y, z, y, z],
        [0, 0, 1, 1, 1, 1, 1, 1],
      ],
    ]);
    const { endOfSequence, ...open } = options;
    expect(endOfSequence).toBe(2);
    expect([...encodeExamples([{ prompt: 'x', completion: 'y' }], open).sequences[0]!.ids]).toEqual(
      [1, x, y],
    );
  });

  it('is left out, and counted, when its prompt alone fills the length', () => {
    const examples = [
      { prompt: 'xyzxyzxyz', completion: 'x' },
      { prompt: 'xyzxyz', completion: 'xyz' },
      { prompt: 'x', completion: 'y' },
    ];
    const { sequences, dropped, cut } = encodeExamples(examples, options);
    expect(sequences.map(({ ids }) => ids.length)).toEqual([8, 4]);
    expect({ dropped, cut }).toEqual({ dropped: 1, cut: 2 });
  });
});

describe('a batch', () => {
  const sequences = encodeExamples(
    [
      { prompt: 'x', completion: 'yz' },
      { prompt: 'xy', completion: '' },
    ],
    options,
  ).sequences;

  it('is padded at the end with tokens of no weight', () => {
    expect(tokenBatch(sequences)).toEqual({
      ids: Int32Array.of(1, x, y, z, 2, 1, x, y, 2, 0),
      weights: Float32Array.of(0, 0, 1, 1, 1, 0, 0, 0, 1, 0),
      rows: 2,
      length: 5,
      lengths: [5, 4],
    });
  });

  it('has the weight of its targets, in which first tokens do not count', () => {
    expect(targetWeight(tokenBatch(sequences))).toBe(4);
    const [first] = sequences;
    const heavy = { ids: first!.ids, weights: new Float32Array(5).fill(0.5) };
    expect(targetWeight(tokenBatch([heavy, heavy]))).toBe(4);
  });

  it('is told from another by its fingerprint', () => {
    const changed = (change: (ids: Int32Array, weights: Float32Array) => void): string => {
      const copy = sequences.map(({ ids, weights }) => ({
        ids: ids.slice(),
        weights: weights.slice(),
      }));
      change(copy[1]!.ids, copy[1]!.weights);
      return fingerprint(copy);
    };
    const prints = [
      changed(() => undefined),
      changed((ids) => ids.fill(y, 1, 2)),
      changed((_, weights) => weights.fill(1, 1)),
      fingerprint(sequences.toReversed()),
      fingerprint(sequences.slice(1)),
    ];
    expect(prints[0]).toBe(fingerprint(sequences));
    expect(new Set(prints).size).toBe(5);
    expect(prints.every((print) => /^[0-9a-f]{8}$/.test(print))).toBe(true);
  });
});
