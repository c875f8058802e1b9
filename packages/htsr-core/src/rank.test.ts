import { seededRandom } from '@alphalora/contracts/numbers';
import type { DType, Matrix } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { numericalRank } from './rank.js';

const rows = 90;
const columns = 70;
const random = seededRandom(5);
const gauss = (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A product of that rank, plus noise; columns decay when asked. */
function product(rank: number, noise = 0, decay = 0): Float64Array {
  const left = Float64Array.from({ length: rows * rank }, gauss);
  const right = Float64Array.from(
    { length: rank * columns },
    (_, i) => gauss() * (1 + (i % columns)) ** -decay,
  );
  return Float64Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    let sum = noise * gauss();
    for (let k = 0; k < rank; k++) sum += left[i * rank + k]! * right[k * columns + j]!;
    return sum;
  });
}

async function rankOf(
  values: Float32Array | Float64Array,
  dtype: DType = values instanceof Float32Array ? 'F32' : 'F64',
): Promise<{ rank: number; read: number }> {
  let read = 0;
  const matrix: Matrix = {
    name: 'w',
    rows,
    columns,
    dtype,
    read: async (start = 0, end = rows) => values.slice(start * columns, end * columns),
  };
  const singularValues = await createReferenceEngine().singularValues(matrix);
  const counting: Matrix = {
    ...matrix,
    read(start = 0, end = rows) {
      read += end - start;
      return matrix.read(start, end);
    },
  };
  return { rank: await numericalRank(counting, singularValues), read };
}

describe('the rank of float32 weights', () => {
  it.each([1, 2, 8, 30])('is that of the product that was rounded to them: %i', async (rank) => {
    for (const decay of [0, 1.5]) {
      const rounded = await rankOf(Float32Array.from(product(rank, 0, decay)));
      expect(rounded.rank).toBe(rank);
      // Once all of it, once what is eliminated.
      expect(rounded.read).toBeLessThanOrEqual(rows + 3 * rank + 64);
    }
  });

  it('counts noise that is larger than rounding makes', async () => {
    expect((await rankOf(Float32Array.from(product(5, 1e-5)))).rank).toBe(columns);
  });

  it('counts what one huge element, row or column dwarfs', async () => {
    for (const factor of [1e9, 1e10, 1e11]) {
      const huge: Record<string, (i: number, j: number) => boolean> = {
        element: (i, j) => i === 40 && j === 50,
        row: (i) => i === 3,
        column: (_, j) => j === 69,
      };
      for (const [name, isHuge] of Object.entries(huge)) {
        const values = product(columns).map(
          (value, index) =>
            value * (isHuge(Math.floor(index / columns), index % columns) ? factor : 1),
        );
        expect((await rankOf(Float32Array.from(values))).rank, `${name} ${factor}`).toBe(columns);
      }
    }
  });

  it('needs no second look where nothing is that small', async () => {
    expect(await rankOf(Float32Array.from(product(columns)))).toEqual({ rank: columns, read: 0 });
  });
});

describe('the rank of weights of fewer digits', () => {
  /** To a significand of that many bits. */
  const roundedTo = (bits: number, values: Float64Array): Float64Array =>
    values.map((value) => {
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) + 1 - bits);
      return Math.round(value / unit) * unit;
    });
  const cases = [
    ['F16', 11],
    ['BF16', 8],
    ['F8_E4M3', 4],
    ['F8_E5M2', 3],
  ] as const;

  it.each(cases)('%s is that of the product that was rounded to them', async (dtype, bits) => {
    for (const rank of bits > 4 ? [1, 2, 4, 8] : [1, 2, 4]) {
      expect((await rankOf(roundedTo(bits, product(rank)), dtype)).rank).toBe(rank);
    }
  });

  it.each(cases)('%s is full where a few elements dwarf the others', async (dtype, bits) => {
    for (const factor of [1e4, 1e9]) {
      const values = product(columns).map((value, i) => (i === 3000 ? factor * value : value));
      expect((await rankOf(roundedTo(bits, values), dtype)).rank).toBe(columns);
    }
    const noise = bits > 3 ? 0.5 : 1;
    expect((await rankOf(roundedTo(bits, product(5, noise)), dtype)).rank).toBe(columns);
  });

  it.each([['F32', 24], ...cases] as const)(
    '%s beside huge elements is low if it was low',
    async (dtype, bits) => {
      for (const rank of bits > 4 ? [1, 2, 6, 12] : [1, 2, 4]) {
        for (const at of [[0], [3000], [3001, 5500], [3011, 555, 6299]]) {
          // Each element is a matrix of rank one, in rows and columns of its own.
          const values = product(rank);
          for (const i of at) values[i]! += 1e7;
          const { rank: found } = await rankOf(roundedTo(bits, values), dtype);
          expect(found, `${rank} ${at}`).toBe(rank + at.length);
        }
      }
    },
  );
});

it('the rank of float64 weights is by their own precision', async () => {
  expect((await rankOf(product(4, 1e-9))).rank).toBe(columns);
  expect((await rankOf(product(4))).rank).toBe(4);
});
