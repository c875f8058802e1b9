import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatSettings, parseSetting } from './settings.js';

it.each([
  ['beta=2.5', { beta: 2.5 }],
  ['groups=[2,4]', { groups: [2, 4] }],
  ['shape=diamond', { shape: 'diamond' }],
  ['name=a=b', { name: 'a=b' }],
  ['empty=', { empty: '' }],
  ['beta', undefined],
  ['=3', undefined],
])('%s', (text, expected) => {
  expect(parseSetting(text)).toEqual(expected);
});

it('reads what it writes', () => {
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.array(fc.integer()), fc.constant('linear'));
  fc.assert(
    fc.property(value, (given) => {
      expect(formatSettings({ given }).map(parseSetting)).toEqual([{ given }]);
    }),
  );
});
