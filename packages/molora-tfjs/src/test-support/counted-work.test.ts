import { describe, expect, it } from 'vitest';
import { countedWork } from './counted-work.js';

const a = (count: number): string => 'a'.repeat(count);

describe('countedWork', () => {
  it('counts what regular expressions test', async () => {
    // a and a, then b fails; from each of the two places, and at the end.
    expect(await countedWork(() => /ab/.exec(a(2)))).toBe(5);
    // Seven, five, three and one from the four places; the end is looked at, too.
    expect(await countedWork(() => /a+?b/.exec(a(3)))).toBe(16);
    expect(await countedWork(() => /a+?a/.exec(a(3)))).toBe(2);
    expect(await countedWork(() => a(100).match(/a/g))).toBe(101);
    expect(await countedWork(() => a(100).replace(/(?<=b)c|a{3}$/g, ''))).toBeGreaterThan(300);
  });

  it('tells what grows with the square from what does not', async () => {
    const growth = async (act: (text: string) => unknown): Promise<number> =>
      (await countedWork(() => act(a(400)))) / (await countedWork(() => act(a(200))));
    expect(await growth((text) => /a*b/.test(text))).toBeGreaterThan(3.5);
    expect(await growth((text) => /(?:a|aa)b/.test(text))).toBeLessThan(2.1);
    expect(await growth((text) => [...text].map((_, i) => text.slice(i)))).toBeGreaterThan(3.5);
    expect(await growth((text) => [...text].map((_, i) => text.indexOf('b', i)))).toBeGreaterThan(
      3.5,
    );
    expect(await growth((text) => new Float32Array(text.length ** 2))).toBe(4);
    expect(await growth((text) => new Float32Array(text.length))).toBe(2);
  });

  it('leaves everything as it was', async () => {
    const before = [RegExp.prototype.exec, String.prototype.slice, globalThis.Float32Array];
    const failing = countedWork(() => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect([RegExp.prototype.exec, String.prototype.slice, globalThis.Float32Array]).toEqual(
      before,
    );
  });
});
