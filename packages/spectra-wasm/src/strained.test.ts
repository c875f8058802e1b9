import { createReferenceEngine, hill, ks, measureUnit } from '@alphalora/htsr-core';
import { strained } from '@alphalora/testing/spectra/strained';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

const engines = {
  simd: createWasmEngine({ build: 'simd' }),
  auto: createWasmEngine(),
  'ml-matrix': createReferenceEngine(),
};

for (const [name, engine] of Object.entries(engines)) {
  describe(`engine ${name}`, () => {
    it.each(Object.entries(strained))('%s', async (_, { matrix, singularValues, ...known }) => {
      for (const precision of ['auto', 'f64'] as const) {
        let resolved = Number.NaN;
        const found = await engine.singularValues(matrix, {
          precision,
          onPrecision: (__, smallest) => {
            resolved = smallest;
          },
        });
        expect(resolved).toBe(0);
        // As right as a float64 decomposition: a few machine epsilons of the largest.
        const allowed = 16 * Number.EPSILON * singularValues[0]!;
        for (const [i, value] of singularValues.entries()) {
          expect(Math.abs(found[i]! - value)).toBeLessThan(allowed);
        }
      }
      const { rows, columns, ...identity } = matrix;
      const shape = [rows, columns];
      const unit = { ...identity, shape, kind: 'projection', matrices: [matrix] } as const;
      for (const estimator of [ks, hill({ share: 0.5 })]) {
        const expected = known[estimator.name as 'hill' | 'ks'];
        // Two eigenvalues have no fit by hill.
        if (known.rank === 2 && estimator !== ks) continue;
        const { alpha, metrics } = await measureUnit(unit, { engine, estimator, bootstrap: 0 });
        expect(metrics['matrix_rank']).toBe(known.rank);
        // Beside one of 1e10, seven digits of the others are left.
        if (expected) expect(Math.abs(alpha / expected - 1)).toBeLessThan(1e-6);
      }
    });
  });
}
