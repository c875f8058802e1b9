import { seededRandom } from '@alphalora/contracts/numbers';
import type { Matrix } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { ks } from './estimators/ks.js';
import { farmsOptions, farmsUnit, windowsOf } from './farms.js';
import { spectralUnits } from './matrices.js';
import { measureUnit } from './measure.js';
import { spectrum } from './spectrum.js';
import { weightFromValues } from './values.js';

/** Element (i, j) is 100 i + j. */
function numbered(rows: number, columns: number): Matrix {
  const values = Float64Array.from(
    { length: rows * columns },
    (_, at) => 100 * Math.floor(at / columns) + (at % columns),
  );
  const read = async (start = 0, end = rows): Promise<Float64Array> =>
    values.subarray(start * columns, end * columns);
  return { name: 'w', rows, columns, dtype: 'F64', read };
}

const names = (rows: number, columns: number, options: Parameters<typeof farmsOptions>[0]) =>
  windowsOf(numbered(rows, columns), farmsOptions(options)).map(({ name }) => name);

describe('windows of one aspect ratio', () => {
  it('step by (side - window) / (windows - 1), rounded down', () => {
    expect(names(4, 9, { rows: 4, windows: 3 })).toEqual([
      // floor((9 - 4) / 2) = 2
      ...['w[0:4, 0:4]', 'w[0:4, 2:6]', 'w[0:4, 4:8]'],
    ]);
  });

  it('follow the orientation of the matrix', () => {
    expect(names(9, 4, { rows: 2, ratio: 2, windows: 2 })).toEqual([
      ...['w[0:4, 0:2]', 'w[0:4, 2:4]', 'w[5:9, 0:2]', 'w[5:9, 2:4]'],
    ]);
  });

  it('are upright where the released code is followed; too wide ones have what Python makes of them', () => {
    const upright = { rows: 2, windows: 2, upright: true };
    expect(names(9, 4, { ...upright, ratio: 2 })).toEqual(['w[0:2, 0:4]', 'w[7:9, 0:4]']);
    expect(names(9, 4, { ...upright, ratio: 3 })).toEqual(['w[0:2, 2:4]', 'w[7:9, 2:4]']);
    expect(names(9, 4, { ...upright, ratio: 1 })).toEqual(names(9, 4, { rows: 2, windows: 2 }));
    expect(names(4, 9, { ...upright, ratio: 2 })).toEqual(
      names(4, 9, { rows: 2, windows: 2, ratio: 2 }),
    );
  });

  it('shrink to fit a small matrix, and step by one where there is little room', () => {
    expect(names(3, 4, { rows: 2000, windows: 10 })).toEqual(['w[0:3, 0:3]', 'w[0:3, 1:4]']);
    expect(names(3, 4, { rows: 2000, ratio: 4, windows: 10 })).toEqual([
      ...['w[0:1, 0:4]', 'w[1:2, 0:4]', 'w[2:3, 0:4]'],
    ]);
  });

  it('read the elements at their place, in parts too', async () => {
    const [, window] = windowsOf(numbered(9, 4), farmsOptions({ rows: 2, ratio: 2, windows: 2 }));
    expect([...(await window!.read())]).toEqual([2, 3, 102, 103, 202, 203, 302, 303]);
    expect([...(await window!.read(1, 2))]).toEqual([102, 103]);
  });

  it.each([{ rows: 1 }, { rows: 2.5 }, { ratio: 0.5 }, { windows: 0 }])('refuse %j', (options) => {
    expect(() => farmsOptions(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});

describe('a spectrum from windows', () => {
  const random = seededRandom(5);
  const values = Float64Array.from({ length: 12 * 30 }, () => random() - 0.5);
  const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [12, 30], values }));
  const engine = createReferenceEngine();

  it('pools the squares of the singular values of every window', async () => {
    const pooled = await spectrum(farmsUnit(unit!, { rows: 6, windows: 2 }), engine);
    const squares: number[] = [];
    for (const [top, left] of [
      [0, 0],
      [0, 24],
      [6, 0],
      [6, 24],
    ] as const) {
      const part = Float64Array.from(
        { length: 36 },
        (_, at) => values[(top + Math.floor(at / 6)) * 30 + left + (at % 6)]!,
      );
      const [window] = spectralUnits(
        weightFromValues({ name: 'part', shape: [6, 6], values: part }),
      );
      squares.push(...(await spectrum(window!, engine)));
    }
    expect([...pooled]).toEqual(squares.sort((a, b) => a - b));
  });

  it.each([2, 12, 40])('is refused where the matrix is given as factors of rank %d', (rank) => {
    const factors = {
      rank,
      scale: 1,
      left: async () => new Float64Array(12 * rank),
      right: async () => new Float64Array(30 * rank),
    };
    const whole = weightFromValues({ name: 'w', shape: [12, 30], values });
    const [low] = spectralUnits({ ...whole, factors });
    expect(() => farmsUnit(low!)).toThrow(/add the adapter to its base model/);
  });

  it('goes with any estimator and counts its matrices as windows', async () => {
    const options = { engine, estimator: ks, bootstrap: 0, farms: { rows: 6, windows: 2 } };
    const { metrics, alpha } = await measureUnit(unit!, options);
    expect(metrics['num_evals']).toBe(24);
    expect(alpha).toBe(ks.fit(await spectrum(farmsUnit(unit!, options.farms), engine)).alpha);
  });
});
