import { beforeAll, describe, expect, it } from 'vitest';
import { gramProduct } from './gram.js';
import { portableCandidates } from './index.js';
import { createRowReader } from './input.js';
import { type Layout, planLayout, reserve } from './layout.js';
import { loadFirst } from './load.js';
import type { Pass } from './pass.js';
import { stagesOf, type WasmInstance } from './stages.js';
import { matrixOf, randomValues } from './test-support/matrices.js';

let instance: WasmInstance;
beforeAll(async () => {
  instance = await loadFirst(portableCandidates('simd'));
});

function plan(
  rows: number,
  columns: number,
  precision: 'f32' | 'f64',
  { bytes = 2, holdLimit }: { bytes?: number; holdLimit?: number } = {},
): Layout {
  return planLayout({
    ...{ name: 'w', rows, columns, rowBytes: columns * bytes, precision },
    ...{ stages: stagesOf(instance.exports, precision) },
    ...(holdLimit === undefined ? {} : { holdLimit }),
  });
}

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
    expect(plan(rows, columns, precision).end).toBeLessThan(limit);
  });

  it('refuses what WebAssembly cannot address, and says what helps', () => {
    expect(() => plan(32768, 32768, 'f64')).toThrow(/^w: .* 4\.4 GB .*'f32' needs half/);
    expect(() => plan(65536, 65536, 'f32')).toThrow(/more than the 4\.3 GB/);
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
      const matrix = matrixOf(rows, columns, Float32Array.from(randomValues(rows * columns, 1)));
      const triangle = async (holdLimit: number): Promise<[Uint8Array, number]> => {
        const layout = plan(rows, columns, precision, { bytes: 4, holdLimit });
        const { memory, exports } = instance;
        reserve(memory, layout.end, 'w');
        const reader = createRowReader(matrix, memory, undefined);
        const size: Pass['size'] = precision === 'f32' ? 4 : 8;
        const pass: Pass = {
          ...{ rows, columns, layout, memory, stages: stagesOf(exports, precision) },
          ...{ size: precision === 'f32' ? 4 : 8, step: async () => {} },
        } as const;
        await gramProduct(pass, reader, 1, false);
        const bytes = new Uint8Array(memory.buffer, layout.triangle, layout.triangleBytes).slice();
        return [bytes, layout.blockRows];
      };
      const [whole, heldRows] = await triangle(1e9);
      const [pairs, blockRows] = await triangle(budget);
      expect(heldRows).toBe(rows);
      expect(blockRows).toBe(128);
      expect(Buffer.compare(whole, pairs)).toBe(0);
    },
  );
});
