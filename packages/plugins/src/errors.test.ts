import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { expect, it } from 'vitest';
import { packError, unpackError } from './errors.js';

const crossed = (error: unknown): Error => unpackError(structuredClone(packError(error)));

it('keeps code, details, message, stack and causes', () => {
  const root = new RangeError('the root');
  const middle = new Error('the middle', { cause: root });
  const error = new AlphaLoraError('POLICY_FAILED', 'the end', {
    details: { policy: 'x', at: 3 },
    cause: middle,
  });
  const copy = crossed(error);
  expect(isAlphaLoraError(copy, 'POLICY_FAILED')).toBe(true);
  expect(copy).toMatchObject({ message: 'the end', details: { policy: 'x', at: 3 } });
  expect(copy.stack).toBe(error.stack);
  expect(copy.cause).toMatchObject({ message: 'the middle' });
  const deepest = (copy.cause as Error).cause;
  expect(deepest).toMatchObject({ name: 'RangeError', message: 'the root', stack: root.stack });
});

it.each([
  ['a text', 'no', 'no'],
  ['nothing', undefined, 'undefined'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['what has no text', Object.create(null), 'something was thrown that has no text'],
])('takes %s that was thrown', (_, thrown, message) => {
  expect(crossed(thrown)).toMatchObject({ message });
});

it('ends a circle of causes', () => {
  const error = new Error('again');
  error.cause = error;
  expect(crossed(error).message).toBe('again');
});

it('takes fields that cannot be read or cloned', () => {
  const hostile = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('no');
    },
  });
  expect(crossed(hostile).message).toBe('something was thrown that has no text');
  expect(crossed(Object.assign(new Error('fine'), { helper: () => 1 })).message).toBe('fine');
});
