import { describe, expect, it } from 'vitest';
import { parseShard } from './parsers.js';

describe('parseShard', () => {
  it('counts from 1', () => {
    expect(parseShard('2/8')).toEqual({ index: 2, count: 8 });
  });

  it.each(['0/8', '9/8', '1/0', '1', 'a/b', '1/2/3', '-1/2', ''])('refuses %j', (text) => {
    expect(() => parseShard(text)).toThrow(/--shard must look like 2\/8/);
  });
});
