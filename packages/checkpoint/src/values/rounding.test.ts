import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValues } from './decode.js';
import { encodeValues } from './encode.js';
import { round, roundings } from './rounding.js';
import { valuesOf } from './small-floats.js';

/** Rounding by way of the stored bits, which other tests hold against Python. */
function stored(value: number, dtype: 'F16' | 'BF16'): number {
  return decodeValues(encodeValues(Float32Array.of(value), dtype), dtype)[0]!;
}

describe('rounding to a half', () => {
  it('takes the nearest of all halves, and of two the even one', () => {
    const { F16 } = roundings;
    const halves = valuesOf('F16').subarray(0, 0x7c00);
    for (let code = 0; code + 1 < halves.length; code++) {
      const [low, high] = [halves[code]!, halves[code + 1]!];
      const middle = (low + high) / 2;
      const even = code % 2 === 0 ? low : high;
      for (const sign of [1, -1]) {
        expect(round(sign * low, F16)).toBe(sign * low);
        expect(round(sign * middle, F16)).toBe(sign * even);
        expect(round(sign * middle * (1 - 2 ** -30), F16)).toBe(sign * low);
        expect(round(sign * middle * (1 + 2 ** -30), F16)).toBe(sign * high);
      }
    }
  });

  it.each([
    [65519.99, 65504],
    [65520, Number.POSITIVE_INFINITY],
    [-65520, Number.NEGATIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [-(2 ** -26), -0],
    [-0, -0],
    [0, 0],
    [Number.NaN, Number.NaN],
  ])('%d is %d', (value, rounded) => {
    expect(round(value, roundings.F16)).toBe(rounded);
  });
});

describe('rounding of any float32', () => {
  it('is that of the stored types', () => {
    const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(bits, (code) => {
        const value = new Float32Array(Uint32Array.of(code).buffer)[0]!;
        expect(round(value, roundings.F32)).toBe(value);
        expect(round(value, roundings.F16)).toBe(stored(value, 'F16'));
        expect(Math.fround(round(value, roundings.BF16))).toBe(stored(value, 'BF16'));
      }),
      { numRuns: 20_000 },
    );
  });

  it('to float32 is that of the language', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true }),
        fc.integer({ min: -(2 ** 15), max: 2 ** 15 }),
        (a, b) => {
          expect(round(a * b, roundings.F32)).toBe(Math.fround(a * b));
        },
      ),
    );
  });
});
