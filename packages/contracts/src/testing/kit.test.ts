import { describe, expect, it } from 'vitest';
import { createKit, forEachOf } from './kit.js';

const kit = createKit<number>({
  steps: [
    ['number', (value) => (Number.isNaN(value) ? { failed: 'it is NaN' } : undefined)],
    ['sign', async (value) => (value < 0 ? { failed: `${value} is below zero` } : undefined)],
  ],
  independent: [
    ['integer', (value) => (Number.isInteger(value) ? undefined : { failed: 'a fraction' })],
    ['large', (value) => (value > 9 ? undefined : { skipped: 'it is small' })],
    [
      'text',
      (value) => {
        if (value === 13) throw new RangeError('unlucky');
        return undefined;
      },
    ],
  ],
});

const results = async (value: number) =>
  (await kit.check(value)).map(({ name, status, reason, restsOn }) =>
    [name, status, ...(reason ? [reason] : []), ...(restsOn ? [restsOn] : [])].join(', '),
  );

describe('check', () => {
  it('gives a result for each check, in their order', async () => {
    expect(kit.names).toEqual(['number', 'sign', 'integer', 'large', 'text']);
    expect(await results(2)).toEqual([
      'number, passed',
      'sign, passed',
      'integer, passed',
      'large, skipped, it is small',
      'text, passed',
    ]);
  });

  it('skips all that rests on a failed step, and nothing that rests on none', async () => {
    const resting = 'skipped, rests on the check "sign", sign';
    expect(await results(-1.5)).toEqual([
      'number, passed',
      'sign, failed, -1.5 is below zero',
      `integer, ${resting}`,
      `large, ${resting}`,
      `text, ${resting}`,
    ]);
    expect((await results(11.5)).slice(2)).toEqual([
      'integer, failed, a fraction',
      'large, passed',
      'text, passed',
    ]);
  });

  it('takes what is thrown for a failure, and quotes it', async () => {
    expect((await results(13)).at(-1)).toBe('text, failed, RangeError: unlucky');
  });
});

describe('describe', () => {
  type Body = (this: unknown, context?: unknown) => Promise<void>;
  const testsOf = (value: number) => {
    const tests = new Map<string, Body>();
    kit.describe(`the number ${value}`, value, {
      describe: (title, body) => {
        expect(title).toBe(`the number ${value}`);
        body();
      },
      it: (name, body) => tests.set(name, body as Body),
    });
    return tests;
  };

  it('registers one test for each check, which fails with the reason', async () => {
    const tests = testsOf(10.5);
    expect([...tests.keys()]).toEqual(kit.names);
    await expect(tests.get('integer')!()).rejects.toThrow('a fraction');
    await expect(tests.get('large')!()).resolves.toBeUndefined();
  });

  it('skips what rests on a failure as vitest and node:test do it, or as mocha does, or else passes', async () => {
    const reasons: unknown[] = [];
    const running = { skip: (reason?: string) => reasons.push(reason) };
    const integer = testsOf(-1).get('integer')!;
    await integer(running);
    await integer.call(running);
    await integer();
    expect(reasons).toEqual(Array(2).fill('rests on the check "sign"'));
  });

  it('passes what is not claimed', async () => {
    const skip = () => expect.unreachable();
    await testsOf(2).get('large')!({ skip });
  });
});

it('forEachOf stops at the first that has not passed', async () => {
  const seen: number[] = [];
  const outcome = await forEachOf([1, 2, 3], (value) => {
    seen.push(value);
    return value === 2 ? { failed: 'two' } : undefined;
  });
  expect([outcome, seen]).toEqual([{ failed: 'two' }, [1, 2]]);
});
