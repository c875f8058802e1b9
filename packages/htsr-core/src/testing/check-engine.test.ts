import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { checkEngine, describeEngine } from './check-engine.js';

const sound = createReferenceEngine();

describeEngine(sound, { describe, it });

type Singular = SpectralEngine['singularValues'];

/** An engine whose answers are changed afterwards. */
const answering = (change: (values: Float64Array) => Float64Array): SpectralEngine => ({
  ...sound,
  singularValues: async (matrix, options) => change(await sound.singularValues(matrix, options)),
});

/** An engine that is asked, and says, something else. */
const asking = (
  change: (...given: Parameters<Singular>) => Parameters<Singular>,
): SpectralEngine => ({
  ...sound,
  singularValues: (...given) => sound.singularValues(...change(...given)),
});

let calls = 0;
let running = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, engine: SpectralEngine]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['works on none at once', 'shape', { ...sound, concurrency: 0 }],
  ['has a build without a name', 'shape', { ...sound, build: async () => '' }],
  ['leaves out what is zero', 'count', answering((values) => values.filter((value) => value > 0))],
  ['answers a list', 'count', answering((values) => [...values] as unknown as Float64Array)],
  ['answers in ascending order', 'order', answering((values) => values.reverse())],
  [
    'answers signs',
    'order',
    answering((values) => values.map((value, i) => (i === 1 ? -value : value))),
  ],
  [
    'says nothing of its precision',
    'precision',
    asking((matrix, { onPrecision: _, ...options } = {}) => [matrix, options]),
  ],
  [
    'says its precision twice',
    'precision',
    asking((matrix, options) => {
      options?.onPrecision?.('f32', 1);
      return [matrix, options];
    }),
  ],
  [
    'is never the same',
    'determinism',
    answering((values) => {
      calls++;
      return values.map((value) => value * (1 + 1e-14 * calls));
    }),
  ],
  [
    'claims more digits than it has',
    'known spectra',
    answering((values) => values.map((value) => value * 1.001)),
  ],
  [
    'squares in float32, where small values drown',
    'known spectra',
    answering((values) => values.map((value) => (value < 3e-4 * values[0]! ? 0 : value))),
  ],
  [
    'claims a bound that says nothing',
    'useful bound',
    asking((matrix, options) => [
      matrix,
      { ...options, onPrecision: (used) => options?.onPrecision?.(used, 2 ** 101) },
    ]),
  ],
  [
    'scales in place',
    'input unchanged',
    {
      ...sound,
      async singularValues(matrix, options) {
        const answer = await sound.singularValues(matrix, options);
        (await matrix.read()).fill(0);
        return answer;
      },
    },
  ],
  [
    'shares its memory between matrices',
    'several at once',
    {
      ...sound,
      async singularValues(matrix, options) {
        running++;
        const factor = running > 1 ? 1 + 1e-14 : 1;
        const answer = await sound.singularValues(matrix, options);
        running--;
        return answer.map((value) => value * factor);
      },
    },
  ],
  [
    'takes NaN for zero',
    'not finite',
    asking((matrix, options) => [
      {
        ...matrix,
        read: async (...range) =>
          (await matrix.read(...range)).map((value) => (Number.isFinite(value) ? value : 0)),
      },
      options,
    ]),
  ],
  [
    'ignores the signal',
    'abort',
    asking((matrix, { signal: _, ...options } = {}) => [matrix, options]),
  ],
  [
    'hides why reading failed',
    'fault of reading',
    {
      ...sound,
      async singularValues(matrix, options) {
        options?.signal?.throwIfAborted();
        const values = await matrix.read().catch(() => {
          throw new Error('failed');
        });
        return sound.singularValues({ ...matrix, read: async () => values }, options);
      },
    },
  ],
  [
    'counts in percent',
    'progress',
    asking((matrix, options) => {
      options?.onProgress?.(100);
      return [matrix, options];
    }),
  ],
];

describe('a bad engine', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, engine) => {
    const failed = (await checkEngine(engine)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});
