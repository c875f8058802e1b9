import { fileURLToPath } from 'node:url';
import { chromiumLacks, openSourcePage, type SourcePage } from '@alphalora/testing/chromium';
import { describeUnless } from '@alphalora/testing/lacking';
import { matrixOf, randomValues } from '@alphalora/testing/spectra/matrices';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

describeUnless(chromiumLacks, 'in Chromium', () => {
  let source: SourcePage;
  beforeAll(async () => {
    source = await openSourcePage(fileURLToPath(new URL('..', import.meta.url)));
  });
  afterAll(() => source?.close());

  it.each([
    ['simd', 150, 210, 'f64'],
    ['simd', 210, 150, 'f64'],
    ['simd', 300, 300, 'f32'],
    ['auto', 300, 300, 'f64'],
  ] as const)(
    'build %s finds for %i x %i in %s what Node finds',
    async (build, rows, columns, precision) => {
      const values = randomValues(rows * columns, rows);
      // Text, not a function: vitest rewrites imports in functions to its own.
      const found = (await source.page.evaluate(`(async () => {
      const { createWasmEngine } = await import('/src/index.ts');
      const data = Float64Array.from(${JSON.stringify([...values])});
      const engine = createWasmEngine({ build: '${build}' });
      const values = await engine.singularValues({
        name: 'w', rows: ${rows}, columns: ${columns}, dtype: 'F64',
        read: async (start, end) => data.slice(start * ${columns}, end * ${columns}),
      }, { precision: '${precision}' });
      return [...values];
    })()`)) as number[];
      const expected = await createWasmEngine({ build }).singularValues(
        matrixOf(rows, columns, values),
        { precision },
      );
      if (build === 'simd') expect(found).toEqual([...expected]);
      // Fused multiply-add rounds differently.
      for (const [i, value] of found.entries()) {
        expect(Math.abs(value ** 2 - expected[i]! ** 2)).toBeLessThan(1e-13 * expected[0]! ** 2);
      }
    },
  );
});
