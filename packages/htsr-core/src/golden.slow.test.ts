/**
 * Every alpha of every estimator on real checkpoints, against fits that were made elsewhere from
 * float64 singular values. Agreement to 1e-6 means the same tail index: another cut would move
 * alpha by far more.
 */
import { openCheckpoint } from '@alphalora/checkpoint/node';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { createWasmEngine } from '@alphalora/spectra-wasm';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedJson, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { hill } from './estimators/hill.js';
import { estimators } from './estimators/index.js';
import { spectralUnits } from './matrices.js';
import { computeMetrics } from './metrics/index.js';
import { spectrum } from './spectrum.js';

const reference = 'reference/expected-spectra.json';

interface ExpectedMatrix {
  norm: number;
  spectral_norm: number;
  stable_rank: number;
  num_evals: number;
  fits: Record<string, { alpha: number; D: number; xmin: number; tail?: number } | null>;
}

/** The reference has its hill fits from the upper half. */
const estimatorOf = async (name: string): Promise<TailEstimator> =>
  name === 'hill' ? hill({ share: 0.5 }) : estimators.load(name);

const close = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describeUnless(sharedLacks(reference), 'real checkpoints', () => {
  it.each([
    ['stories260K', createReferenceEngine],
    ['babyllama-tok361', createReferenceEngine],
    // For matrices of 768 rows the reference engine takes more than a minute.
    ['gpt2-small-attention', createWasmEngine],
  ])(
    '%s',
    async (name, createEngine) => {
      const { checkpoints } = sharedJson<{
        checkpoints: Record<string, Record<string, ExpectedMatrix>>;
      }>(reference);
      const expected = checkpoints[name]!;
      const checkpoint = await openCheckpoint(shared(`data/${name}`));
      const engine = createEngine();
      let fits = 0;
      for (const weight of checkpoint.tensors.filter((tensor) => expected[tensor.name])) {
        const golden = expected[weight.name]!;
        const eigenvalues = await spectrum(spectralUnits(weight)[0]!, engine);
        expect(eigenvalues, weight.name).toHaveLength(golden.num_evals);
        for (const estimator of estimators.names()) {
          const wanted = golden.fits[estimator];
          if (wanted === undefined) continue;
          const { fit } = await estimatorOf(estimator);
          const where = `${weight.name}, ${estimator}`;
          if (wanted === null) {
            expect(() => fit(eigenvalues), where).toThrow();
            continue;
          }
          const found = fit(eigenvalues);
          expect(close(found.alpha, wanted.alpha), where).toBeLessThan(1e-6);
          expect(close(found.xmin, wanted.xmin), where).toBeLessThan(1e-6);
          expect(close(found.ks, wanted.D), where).toBeLessThan(1e-6);
          if (wanted.tail !== undefined) expect(found.tail, where).toBe(wanted.tail);
          fits++;
        }
        const fit = (await estimatorOf('hill')).fit(eigenvalues);
        const [rows, columns] = weight.shape as [number, number];
        const sides = { smaller: Math.min(rows, columns), larger: Math.max(rows, columns) };
        const metrics = computeMetrics({ eigenvalues, fit, ...sides, matrices: 1 });
        for (const metric of ['norm', 'spectral_norm', 'stable_rank'] as const) {
          expect(close(metrics[metric]!, golden[metric]), metric).toBeLessThan(1e-9);
        }
      }
      expect(fits).toBeGreaterThanOrEqual(3 * Object.keys(expected).length);
      await checkpoint.close();
    },
    600_000,
  );
});
