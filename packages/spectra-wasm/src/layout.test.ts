import { matrixOf, randomValues } from '@alphalora/testing/spectra/matrices';
import { beforeAll, describe, expect, it } from 'vitest';
import { portableCandidates } from './candidates.js';
import { gramProduct } from './gram.js';
import { memoryEstimate } from './index.js';
import { createRowReader } from './input.js';
import { BAND, type Layout, planLayout, reserve } from './layout.js';
import { loadFirst } from './load.js';
import { createPass } from './pass.js';
import { type Instance, stagesOf } from './stages.js';

let instance: Instance;
beforeAll(async () => {
  instance = await loadFirst(portableCandidates('simd'));
});

describe('planLayout', () => {
  it.each([
    // What a worker may take, the stored matrix included.
    [4096, 4096, 'f32', 75e6],
    [4096, 4096, 'f64', 115e6],
    [4096, 11008, 'f32', 130e6],
    [4096, 11008, 'f64', 170e6],
    [11008, 4096, 'f32', 50e6],
    [128256, 4096, 'f32', 50e6],
    [128256, 4096, 'f64', 90e6],
    [16384, 53248, 'f32', 2.5e9],
    [16384, 53248, 'f64', 2.5e9],
  ] as const)('%i x %i bfloat16 in %s stays below %d bytes', (rows, columns, precision, limit) => {
    const { end } = planLayout({ rows, columns, rowBytes: 2 * columns, precision });
    expect(end).toBeLessThan(limit);
    const estimate = memoryEstimate({ rows, columns, dtype: 'BF16' }, precision, 0);
    expect(estimate).toBeGreaterThan(end);
    expect(estimate).toBeLessThan(end + 5e6);
  });

  it.each(['f32', 'f64'] as const)('gives the stages room enough in %s', (precision) => {
    const order = 384;
    const layout = planLayout({ rows: order, columns: order, rowBytes: 4 * order, precision });
    const { memory, exports } = instance;
    reserve(memory, layout, 'w');
    const triangle = new Float32Array(memory.buffer, layout.triangle, layout.triangleBytes / 4);
    triangle.set(randomValues(triangle.length, 1));
    new Uint8Array(memory.buffer, layout.band, layout.bandBytes).fill(0);
    const { diagonal, end, band, workspace } = layout;
    const beyond = new Uint8Array(memory.buffer, diagonal, end - diagonal).fill(0xab);
    const stages = stagesOf(exports, precision);
    for (let column = 0; column < order; column += BAND) {
      stages.reducePanel(order, column, layout.triangle, band, workspace);
    }
    stages.chaseSweeps(order, 0, order - 2, band, workspace);
    expect(beyond.every((byte) => byte === 0xab)).toBe(true);
  });
});

describe('reserve', () => {
  it('refuses what WebAssembly cannot address, and says what helps', () => {
    const layout = planLayout({ rows: 32768, columns: 32768, rowBytes: 65536, precision: 'f64' });
    expect(() => reserve(instance.memory, layout, 'w')).toThrow(
      /^w: 4\.39 GB of memory are needed, more than the 4\.29 GB .* 'f32' needs half/,
    );
  });
});

describe('a matrix that is stored in blocks of elements', () => {
  const layout = (rows: number, columns: number, inBlocks: boolean) =>
    planLayout({ rows, columns, rowBytes: 4 * columns, precision: 'f64', inBlocks });

  it('is held in two of eight parts where it is wide', () => {
    const [held, parts] = [layout(4096, 11_008, false), layout(4096, 11_008, true)];
    expect([held.blockRows, parts.blockRows]).toEqual([4096, 512]);
    const less = (4096 - 2 * 512) * 11_008 * 4;
    // Its panels are of fewer rows too, but there are two of them.
    expect(held.end - parts.end).toBeGreaterThan(0.95 * less);
  });

  it('is held whole where it is small, and read as others are where it is tall', () => {
    expect(layout(1000, 2000, true)).toEqual(layout(1000, 2000, false));
    expect(layout(11_008, 4096, true)).toEqual(layout(11_008, 4096, false));
  });
});

describe('gramProduct', () => {
  it.each([
    ['f32', 300e3],
    ['f64', 600e3],
  ] as const)(
    'by pairs of blocks is the product of the held matrix, bit for bit, in %s',
    async (precision, budget) => {
      const rows = 600;
      const columns = 700;
      const { memory } = instance;
      const matrix = matrixOf(rows, columns, Float32Array.from(randomValues(rows * columns, 1)));
      const reader = createRowReader(matrix, memory, undefined);
      const triangle = async (holdLimit: number): Promise<[Uint8Array, Layout]> => {
        const layout = planLayout({ rows, columns, rowBytes: 4 * columns, precision, holdLimit });
        reserve(memory, layout, 'w');
        const step = async (): Promise<void> => {};
        const pass = createPass(instance, { rows, columns, layout, step, precision });
        await gramProduct(pass, reader, 1, false);
        const bytes = new Uint8Array(memory.buffer, layout.triangle, layout.triangleBytes).slice();
        return [bytes, layout];
      };
      const [whole, held] = await triangle(1e9);
      const [pairs, split] = await triangle(budget);
      expect(held.blockRows).toBe(rows);
      expect(split.blockRows).toBe(128);
      expect(Buffer.compare(whole, pairs)).toBe(0);
    },
  );
});
