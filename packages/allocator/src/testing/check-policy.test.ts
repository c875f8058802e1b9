import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy, PolicyAnswer } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { policies } from '../policies/index.js';
import { checkNames, checkPolicy, describePolicy } from './check-policy.js';

describe.each(policies.names())('built-in policy %s', async (name) => {
  describePolicy(await policies.load(name), { describe, it });
});

describe.each([
  ['tempbalance', { schedule: 'sqrt' }],
  ['tempbalance', { schedule: 'log2' }],
  ['tempbalance', { schedule: 'sigmoid' }],
  ['alphadecay', { high: 5 }],
  ['mola', { groups: [1, 5, 2] }],
  ['alphaq', { gamma: 3 }],
])('%s with %o', async (name, options) => {
  describePolicy(await policies.load(name), { describe, it }, { options, seed: 7 });
});

/** In proportion to the score, and sound in every way. */
const sound: AllocationPolicy = {
  name: 'sound',
  version: '1.0.0',
  apiVersion: 1,
  traits: {
    resources: ['experts'],
    answer: 'weights',
    monotone: 'increasing',
    equivariant: true,
  },
  allocate: ({ layers }) => ({ weights: layers.map(({ score }) => score) }),
};

/** Ranks of the policy's own: the average for each. */
const ranks: AllocationPolicy = {
  ...sound,
  traits: { resources: ['rank'], answer: 'values' },
  allocate: ({ layers, budget }) => ({
    values: layers.map(() => Math.floor(budget.total! / layers.length)),
  }),
};

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

let calls = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, policy: AllocationPolicy]> = [
  ['is written for another interface', 'shape', { ...sound, apiVersion: 2 as 1 }],
  ['has a name of two words', 'shape', { ...sound, name: 'Two Words' }],
  [
    'has an option without a default',
    'options',
    {
      ...sound,
      options: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: () => ({ issues: [{ message: 'beta is missing' }] }),
        },
      },
    },
  ],
  [
    'misspells a trait',
    'shape',
    { ...sound, traits: { ...sound.traits, monoton: 'increasing' } as typeof sound.traits },
  ],
  [
    'takes any option',
    'unknown option',
    { ...sound, options: v.object({ beta: v.optional(v.number(), 1) }) },
  ],
  ['never settles', 'settles', { ...sound, allocate: () => new Promise(() => {}) }],
  [
    'throws',
    'no error',
    {
      ...sound,
      allocate: () => {
        throw new TypeError('undefined is not a function');
      },
    },
  ],
  ['rejects', 'no error', { ...sound, allocate: () => Promise.reject(new Error('no')) }],
  ['answers too little', 'answer', { ...sound, allocate: () => ({ weights: [1] }) }],
  [
    'answers values where it claims weights',
    'answer',
    { ...sound, allocate: ({ layers }) => ({ values: layers.map(() => 5) }) },
  ],
  ['answers nothing', 'answer', { ...sound, allocate: () => undefined as unknown as PolicyAnswer }],
  [
    'answers NaN',
    'finite',
    { ...sound, allocate: ({ layers }) => ({ weights: layers.map(() => Number.NaN) }) },
  ],
  [
    'answers below zero',
    'sign',
    { ...sound, allocate: ({ layers }) => ({ weights: layers.map(({ score }) => 3 - score) }) },
  ],
  [
    'answers zeros only',
    'sign',
    { ...sound, allocate: ({ layers }) => ({ weights: layers.map(() => 0) }) },
  ],
  [
    'sorts its input',
    'input unchanged',
    {
      ...sound,
      allocate: ({ layers }) => {
        (layers as unknown as { score: number }[]).sort((a, b) => a.score - b.score);
        return { weights: layers.map(({ score }) => score) };
      },
    },
  ],
  [
    'remembers',
    'determinism',
    { ...sound, allocate: ({ layers }) => ({ weights: layers.map(() => ++calls) }) },
  ],
  [
    'draws without saying so',
    'determinism',
    {
      ...sound,
      allocate: ({ layers, random }) => ({ weights: layers.map(() => 1 + random()) }),
    },
  ],
  ['claims to draw and does not', 'seed', { ...sound, traits: { ...sound.traits, seeded: true } }],
  [
    'looks at positions though it claims not to',
    'equivariance',
    {
      ...sound,
      allocate: ({ layers }) => ({ weights: layers.map(({ score, index }) => score + index) }),
    },
  ],
  [
    'falls where it claims to rise',
    'monotonicity',
    { ...sound, allocate: ({ layers }) => ({ weights: layers.map(({ score }) => 1 / score) }) },
  ],
  [
    'goes on after the signal has fired',
    'abort',
    {
      ...sound,
      allocate: async ({ layers }) => {
        await wait(60);
        return { weights: layers.map(({ score }) => score) };
      },
    },
  ],
  [
    'cannot do with one layer',
    'single layer',
    {
      ...sound,
      allocate: ({ layers }) => {
        if (layers.length < 2) throw new Error('needs two');
        return { weights: layers.map(({ score }) => score) };
      },
    },
  ],
  [
    'divides by the range of the scores',
    'equal scores',
    {
      ...sound,
      traits: { ...sound.traits, monotone: 'increasing' },
      allocate: ({ layers }) => {
        const scores = layers.map(({ score }) => score);
        const range = Math.max(...scores) - Math.min(...scores);
        if (layers.length === 1) return { weights: [1] };
        return { weights: scores.map((score) => score + 0 / range) };
      },
    },
  ],
  [
    'answers fractions of a rank',
    'integers',
    {
      ...ranks,
      allocate: ({ layers, budget }) => ({
        values: layers.map(() => (budget.total! > layers.length ? 7.5 : 1)),
      }),
    },
  ],
  [
    'answers above the bounds',
    'bounds',
    {
      ...ranks,
      // More than the budget allows any layer, yet less than all of it.
      traits: { resources: ['sparsity'], answer: 'values' },
      allocate: ({ layers, budget }) => ({
        values: layers.map((_, i) => (i === 0 && budget.total! > 1 ? 1.5 : 0)),
      }),
    },
  ],
  [
    'spends more than there is',
    'total',
    {
      ...ranks,
      allocate: ({ layers, budget }) => ({
        values: layers.map(() => (budget.total! > layers.length ? 9 : 1)),
      }),
    },
  ],
  [
    'cannot do with the minimum',
    'smallest budget',
    {
      ...ranks,
      allocate: ({ layers, budget }) => ({
        values: layers.map(() => Math.max(2, Math.floor(budget.total! / layers.length))),
      }),
    },
  ],
];

describe('a bad policy', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, policy) => {
    const checks = await checkPolicy(policy, { timeout: 400 });
    const failed = checks.filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

describe('results', () => {
  it('are one for each check, in order, and skip what is not claimed with the reason', async () => {
    const checks = await checkPolicy(sound);
    expect(checks.map(({ name }) => name)).toEqual(checkNames);
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(checks.filter(({ status }) => status === 'skipped')).toEqual([
      { name: 'seed', status: 'skipped', reason: 'traits.seeded is not claimed' },
      {
        name: 'unknown option',
        status: 'skipped',
        reason: 'there is no schema: all options are refused',
      },
    ]);
  });

  it('say on which failed check the skipped ones rest', async () => {
    const policy = { ...sound, apiVersion: 3 as 1 };
    const [shape, ...others] = await checkPolicy(policy);
    const reason = expect.stringMatching(/^policy sound: apiVersion must be 1, .*, not 3$/);
    expect(shape).toEqual({ name: 'shape', status: 'failed', reason });
    for (const check of others) {
      expect(check).toMatchObject({
        status: 'skipped',
        reason: 'rests on the check "shape"',
        restsOn: 'shape',
      });
    }
  });

  it('quote what the policy threw', async () => {
    const policy: AllocationPolicy = {
      ...sound,
      allocate: () => {
        throw new AlphaLoraError('INVALID_OPTION', 'no such thing');
      },
    };
    const check = (await checkPolicy(policy)).find(({ name }) => name === 'no error');
    expect(check?.reason).toBe('experts: it threw AlphaLoraError: no such thing');
  });
});

describe('describePolicy', () => {
  it('registers one test for each check, which fails with the reason', async () => {
    const tests = new Map<string, () => Promise<void>>();
    const titles: string[] = [];
    describePolicy(
      { ...sound, apiVersion: 2 as 1 },
      {
        describe: (title, body) => {
          titles.push(title);
          body();
        },
        it: (title, body) => tests.set(title, body),
      },
    );
    expect(titles).toEqual(['policy sound']);
    expect([...tests.keys()]).toEqual(checkNames);
    await expect(tests.get('shape')!()).rejects.toThrow(/apiVersion must be 1, .*, not 2/);
    await expect(tests.get('total')!()).resolves.toBeUndefined();
  });

  it('passes what is not claimed, and skips nothing', async () => {
    type Body = (context?: unknown) => Promise<void>;
    const tests = new Map<string, Body>();
    describePolicy(sound, {
      describe: (_, body) => body(),
      it: (title, body) => tests.set(title, body as Body),
    });
    const running = { skip: () => expect.unreachable() };
    for (const name of ['seed', 'total']) await tests.get(name)!(running);
    // Otherwise mocha and jest would take it for a test that calls back.
    expect([...tests.values()].every(({ length }) => length === 0)).toBe(true);
  });
});
