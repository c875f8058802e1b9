import { describe, expect, it } from 'vitest';
import { parsePolicies } from './policies.js';

describe('the list of policies', () => {
  it('has references, and options behind colons', () => {
    const list = parsePolicies('alphalora:beta=1,mola:groups=[2,4],C:\\own\\p.mjs:a=b:c=2, ./q.js');
    expect(list.map(({ reference, set }) => [reference, set])).toEqual([
      ['alphalora', { beta: 1 }],
      ['mola', { groups: [2, 4] }],
      ['C:\\own\\p.mjs', { a: 'b', c: 2 }],
      ['./q.js', {}],
    ]);
    expect(list[1]!.written).toBe('mola:groups=[2,4]');
  });

  it.each(['', 'a,,b', 'a,a', ':beta=1'])('%j is refused', (text) => {
    expect(() => parsePolicies(text)).toThrow(/--policies/);
  });
});
