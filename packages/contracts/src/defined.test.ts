import { expect, expectTypeOf, test } from 'vitest';
import { defined } from './defined.js';

test('leaves out what is undefined, and nothing else', () => {
  const fields = { zero: 0, no: false, nothing: null, empty: '', absent: undefined };
  expect(Object.keys(defined(fields))).toEqual(['zero', 'no', 'nothing', 'empty']);
});

test('keeps the order of the fields', () => {
  expect(JSON.stringify(defined({ b: 1, a: undefined, c: 2 }))).toBe('{"b":1,"c":2}');
});

test('makes optional what may be undefined, and nothing else', () => {
  const fields = { always: 1, perhaps: 'x' as string | undefined };
  expectTypeOf(defined(fields)).toMatchObjectType<{ always: number; perhaps?: string }>();
});
