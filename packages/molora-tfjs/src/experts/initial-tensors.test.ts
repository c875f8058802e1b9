import { describe, expect, it } from 'vitest';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import { initialTensors } from './initial-tensors.js';

const projection: AdaptedProjection = {
  name: 'q',
  block: 0,
  inputs: 400,
  outputs: 30,
  ranks: [4, 8],
  scalings: [4, 2],
  topK: 1,
};

function spec(changes: Partial<AdaptedProjection> = {}): AdapterSpec {
  const router = { name: 'top-k', options: {} };
  return { projections: [{ ...projection, ...changes }], router, dropout: 0 };
}

describe('the tensors that an adapter starts from', () => {
  it('have the names and shapes of the packed layer', () => {
    const shapes = Object.entries(initialTensors(spec(), 1)).map(([name, t]) => [name, t.shape]);
    expect(shapes).toEqual([
      ['q.lora_A', [400, 12]],
      ['q.lora_B', [12, 30]],
      ['q.router', [400, 2]],
    ]);
  });

  it('have no router where there is one expert', () => {
    const single = spec({ ranks: [4], scalings: [4] });
    expect(Object.keys(initialTensors(single, 1))).toEqual(['q.lora_A', 'q.lora_B']);
  });

  it('are uniform within 1 / sqrt(inputs) for A and router, as torch.nn.Linear draws them; B is zero', () => {
    const tensors = initialTensors(spec(), 1);
    for (const name of ['q.lora_A', 'q.router']) {
      const values = [...tensors[name]!.values];
      const bound = 1 / Math.sqrt(400);
      const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect(Math.max(...values)).toBeGreaterThan(0.98 * bound);
      expect(Math.min(...values)).toBeLessThan(-0.98 * bound);
      // Of a uniform distribution: a third of the squared bound; within 5 standard errors or so.
      expect(variance / (bound ** 2 / 3)).toBeGreaterThan(0.85);
      expect(variance / (bound ** 2 / 3)).toBeLessThan(1.15);
    }
    expect(new Set(tensors['q.lora_B']!.values)).toEqual(new Set([0]));
  });

  it('depend on the seed and their name only', () => {
    const [one, again, other] = [1, 1, 2].map((seed) => initialTensors(spec(), seed)['q.lora_A']!);
    expect(one).toEqual(again);
    expect(one!.values).not.toEqual(other!.values);
    const beside = { ...spec(), projections: [{ ...projection, name: 'k' }, projection] };
    expect(initialTensors(beside, 1)['q.lora_A']).toEqual(one);
    expect(initialTensors(beside, 1)['k.lora_A']!.values).not.toEqual(one!.values);
  });

  it.each([
    [{ ranks: [], scalings: [] }, /no expert/],
    [{ ranks: [0, 8] }, /ranks 0, 8/],
    [{ ranks: [1.5, 8] }, /ranks 1.5, 8/],
    [{ scalings: [1] }, /2 experts and 1 scalings/],
    [{ topK: 3 }, /selects 3 of 2/],
    [{ topK: 0 }, /selects 0 of 2/],
  ])('refuses the projection %j', (changes, message) => {
    expect(() => initialTensors(spec(changes), 1)).toThrow(message);
  });
});
