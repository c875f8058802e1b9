import { describeUnless } from '@alphalora/testing/lacking';
import { sharedLacks } from '@alphalora/testing/repository';
import { matricesOf } from '@alphalora/testing/spectra/checkpoints';
import { expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

describeUnless(sharedLacks('data'), 'real checkpoints', () => {
  const engine = createWasmEngine();
  it.each(['stories260K', 'babyllama-tok361'])(
    '%s in float32 is right as far down as it says',
    async (folder) => {
      let unresolved = 0;
      for (const matrix of await matricesOf(folder)) {
        let resolved = 0;
        const f32 = await engine.singularValues(matrix, {
          precision: 'f32',
          onPrecision: (_, smallest) => {
            resolved = smallest;
          },
        });
        const f64 = await engine.singularValues(matrix, { precision: 'f64' });
        for (const [i, value] of f64.entries()) {
          if (value < resolved) unresolved++;
          else expect(Math.abs(f32[i]! ** 2 / value ** 2 - 1), matrix.name).toBeLessThan(3e-4);
        }
      }
      expect(unresolved).toBeGreaterThan(0);
    },
  );
});
