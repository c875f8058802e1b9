import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdapterState, Tensors } from '../adapters/adapter-spec.js';
import { useBackend } from '../test-support/backend.js';
import { adaptedProjection } from './adapted-projection.js';
import { combineAdapters } from './combine.js';
import { initialTensors } from './initial-tensors.js';
import { createRouter } from './routers/index.js';

beforeAll(() => useBackend('cpu'));

const topK = { name: 'top-k', options: {} };

/** One expert at one projection, trained. */
function trained(seed: number, rank: number, scaling: number, name = 'p'): AdapterState {
  const projection = { name, block: 0, inputs: 4, outputs: 3 };
  const spec = {
    projections: [{ ...projection, ranks: [rank], scalings: [scaling], topK: 1 }],
    router: topK,
    dropout: 0.1,
  };
  const tensors = initialTensors(spec, seed);
  const random = seededRandom(seed, 'trained');
  const b = tensors[`${name}.lora_B`]!;
  return {
    spec,
    tensors: { ...tensors, [`${name}.lora_B`]: { ...b, values: b.values.map(random) } },
  };
}

function output({ spec, tensors }: AdapterState, x: tf.Tensor2D) {
  const kernel = tf.zeros<tf.Rank.R2>([4, 3]);
  const named: Tensors = Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, tf.tensor(t.values, [...t.shape])]),
  );
  return adaptedProjection(...[x, { kernel }, spec.projections[0]!, named], {
    router: createRouter(spec.router),
    training: false,
    dropout: 0,
    seed: 0,
  });
}

describe('combining adapters', () => {
  it('answers with the gated sum of what they answer alone', () => {
    const adapters = [trained(1, 2, 3), trained(2, 1, 0.5), trained(3, 3, 1)];
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R2>([5, 4], 0, 1, 'float32', 1);
      const mixture = combineAdapters(adapters);
      expect(mixture.spec.projections[0]).toMatchObject({
        ranks: [2, 1, 3],
        scalings: [3, 0.5, 1],
      });
      const { output: mixed, routing } = output(mixture, x);
      const alone = adapters.map((adapter) => output(adapter, x).output.arraySync());
      const gates = routing!.gates.arraySync();
      mixed.arraySync().forEach((row, t) => {
        row.forEach((value, o) => {
          const sum = gates[t]!.reduce((s, gate, e) => s + gate * alone[e]![t]![o]!, 0);
          expect(Math.abs(value - sum)).toBeLessThan(1e-5);
        });
      });
    });
  });

  it('refuses adapters that do not go together', () => {
    expect(() => combineAdapters([trained(1, 2, 1)])).toThrow(/two adapters/);
    expect(() => combineAdapters([trained(1, 2, 1), trained(2, 2, 1, 'q')])).toThrow(
      /Adapter 2 has no experts at p/,
    );
    const [one, two] = [trained(1, 2, 1), trained(2, 2, 1)];
    const more = trained(3, 1, 1, 'q').spec.projections;
    const wider = {
      ...two,
      spec: { ...two.spec, projections: [...two.spec.projections, ...more] },
    };
    expect(() => combineAdapters([one, wider])).toThrow(/2 projections, the first has 1/);
    expect(() => combineAdapters([one, combineAdapters([one, two])])).toThrow(
      /Adapter 2 has 2 experts under a router of its own at p/,
    );
  });
});
