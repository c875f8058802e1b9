/** The exponents of real checkpoints are those of float64, with every estimator, engine and instruction set. */
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { isAlphaLoraError } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { estimators, measureUnit } from '@alphalora/htsr-core';
import { instructionSets } from '@alphalora/spectra-native';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { measurableUnits } from '../pipeline/measurer.js';
import { engines } from './index.js';

/** Each spectrum is computed once, whatever fits are made of it. */
function remembering(engine: SpectralEngine, precision: 'auto' | 'f64'): SpectralEngine {
  const known = new Map<string, Promise<Float64Array>>();
  return {
    name: engine.name,
    async singularValues(matrix) {
      const values = known.get(matrix.name) ?? engine.singularValues(matrix, { precision });
      known.set(matrix.name, values);
      return (await values).slice();
    },
  };
}

/** WebAssembly in `auto`, and every instruction set that there is here. */
async function enginesHere(): Promise<[string, SpectralEngine][]> {
  const found: [string, SpectralEngine][] = [['wasm', await engines.get('wasm').load('auto')]];
  for (const set of instructionSets) {
    const engine = await engines.get('native').load(set);
    const works = await engine.build!().then(
      () => true,
      (error) => !isAlphaLoraError(error, 'ENGINE_FAILED'),
    );
    if (works) found.push([set, engine]);
  }
  return found;
}

describeUnless(sharedLacks('data'), 'alphas of auto', () => {
  it.each(['stories260K', 'babyllama-tok361', 'gpt2-small-attention'])(
    '%s: within 1e-5 of those of float64',
    async (folder) => {
      const checkpoint = await openCheckpoint(shared(`data/${folder}`));
      const units = measurableUnits(checkpoint.tensors).slice(0, 40);
      const reference = remembering(await engines.get('wasm').load('simd'), 'f64');
      const others = (await enginesHere()).map(
        ([name, engine]) => [name, remembering(engine, 'auto')] as const,
      );
      let compared = 0;
      for (const name of estimators.names()) {
        const estimator = await estimators.load(name);
        for (const unit of units) {
          const alphaOf = async (engine: SpectralEngine): Promise<number | undefined> => {
            try {
              const options = { engine, estimator, bootstrap: 0, metrics: [] };
              return (await measureUnit(unit, options)).alpha;
            } catch (error) {
              if (isAlphaLoraError(error, 'NO_SPECTRUM')) return undefined;
              throw error;
            }
          };
          const expected = await alphaOf(reference);
          for (const [build, engine] of others) {
            const found = await alphaOf(engine);
            const label = `${unit.name}, ${name}, ${build}`;
            if (expected === undefined) expect(found, label).toBeUndefined();
            else expect(Math.abs(found! / expected - 1), label).toBeLessThan(1e-5);
            compared++;
          }
        }
      }
      await checkpoint.close();
      expect(compared).toBeGreaterThan(40);
    },
    300_000,
  );
});
