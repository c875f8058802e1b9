import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator, TailFit } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { estimators } from '../estimators/index.js';
import { checkEstimator, describeEstimator } from './check-estimator.js';

describe.each(estimators.names())('built-in estimator %s', async (name) => {
  describeEstimator(await estimators.load(name), { describe, it });
});

const half = (count: number): number => count - Math.floor(count / 2);

/** The Hill estimate of the upper half, written anew. */
const sound: TailEstimator = {
  name: 'sound',
  reads: half,
  fit(eigenvalues) {
    const tail = eigenvalues.slice(eigenvalues.length - half(eigenvalues.length));
    const xmin = tail[0]!;
    if (tail.length < 2 || xmin === tail.at(-1)) throw new AlphaLoraError('NO_SPECTRUM', 'equal');
    const mean = tail.reduce((sum, value) => sum + Math.log(value / xmin), 0) / tail.length;
    const stderr = 1 / mean / Math.sqrt(tail.length);
    return { alpha: 1 + 1 / mean, xmin, ks: 0.1, tail: tail.length, stderr };
  },
};

const fitOf = (change: (fit: TailFit, eigenvalues: Float64Array) => object): TailEstimator => ({
  ...sound,
  fit: (eigenvalues) => ({
    ...sound.fit(eigenvalues),
    ...change(sound.fit(eigenvalues), eigenvalues),
  }),
});

let calls = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, estimator: TailEstimator]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['has no function', 'shape', { name: 'none' } as TailEstimator],
  [
    'throws what has no tag',
    'fits power laws',
    {
      ...sound,
      fit: () => {
        throw new TypeError('undefined is not a function');
      },
    },
  ],
  ['answers nothing', 'fits power laws', { ...sound, fit: () => undefined as unknown as TailFit }],
  [
    'refuses power laws',
    'fits power laws',
    {
      ...sound,
      fit: () => {
        throw new AlphaLoraError('NO_SPECTRUM', 'no tail');
      },
    },
  ],
  ['answers NaN', 'ranges', fitOf(() => ({ alpha: Number.NaN }))],
  ['answers no standard error', 'ranges', fitOf(() => ({ stderr: Number.NaN }))],
  ['has a distance above 1', 'ranges', fitOf(() => ({ ks: 1.5 }))],
  ['cuts below the spectrum', 'ranges', fitOf((_, [first]) => ({ xmin: first! / 2 }))],
  ['counts a tail that is none', 'ranges', fitOf(({ tail }) => ({ tail: tail + 1 }))],
  ['has a cut-off that grows', 'ranges', fitOf(() => ({ lambda: -1 }))],
  [
    'takes logarithms in place',
    'input unchanged',
    {
      ...sound,
      fit(eigenvalues) {
        const fit = sound.fit(eigenvalues);
        eigenvalues.forEach((value, i) => {
          eigenvalues[i] = Math.log(value);
        });
        return fit;
      },
    },
  ],
  ['remembers', 'determinism', fitOf(() => ({ ks: 1 / ++calls }))],
  [
    'gives the exponent of the survival function',
    'known exponents',
    fitOf(({ alpha }) => ({ alpha: alpha - 1 + 0.001 })),
  ],
  [
    'is surer than can be',
    'standard error',
    fitOf(({ alpha, stderr }) => ({
      // Right to more digits than its Hill estimate, so that only the claim is wrong.
      alpha: Math.round(alpha * 10) / 10,
      stderr: stderr / 10,
    })),
  ],
  [
    'compares a logarithm with an eigenvalue',
    'scale',
    fitOf(({ alpha, stderr }, eigenvalues) => ({
      alpha: alpha + (Math.log(eigenvalues[0]!) > 1 ? stderr / 2 : 0),
    })),
  ],
  [
    'has an exponent of what is constant',
    'too little',
    {
      ...sound,
      fit(eigenvalues) {
        const xmin = eigenvalues.at(-1) ?? 0;
        if (eigenvalues[0] !== xmin) return sound.fit(eigenvalues);
        return { alpha: Number.POSITIVE_INFINITY, xmin, ks: 0, tail: 1, stderr: 0 };
      },
    },
  ],
  ['reads more than it says', 'reads', { ...sound, reads: () => 2 }],
  ['reads more than there is', 'reads', { ...sound, reads: (count) => count + 1 }],
];

describe('a bad estimator', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, estimator) => {
    const failed = (await checkEstimator(estimator)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

it('skips what is not claimed', async () => {
  const { reads: _, ...silent } = { ...sound, dependsOnScale: true };
  const checks = await checkEstimator(silent);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([
    { name: 'scale', status: 'skipped', reason: 'dependsOnScale is claimed' },
    { name: 'reads', status: 'skipped', reason: 'reads is not there: all eigenvalues count' },
  ]);
});
