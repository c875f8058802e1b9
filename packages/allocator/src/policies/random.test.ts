import { expect, it } from 'vitest';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { random } from './random.js';

async function shares(count: number, seed: number): Promise<number[]> {
  const layers = sampleLayers(Array(count).fill(3));
  const budget = sampleBudget('experts', count);
  const answer = await random.allocate(sampleRequest({ layers, options: {}, budget }, { seed }));
  const weights = 'weights' in answer ? answer.weights : [];
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

it('draws shares from the flat Dirichlet distribution', async () => {
  // With 4 layers: mean 1/4, variance (k - 1) / (k^2 (k + 1)) = 3/80, P(share > 1/2) = (1/2)^3.
  const draws = await Promise.all(Array.from({ length: 4000 }, (_, seed) => shares(4, seed)));
  for (let layer = 0; layer < 4; layer++) {
    const values = draws.map((draw) => draw[layer]!);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0.25, 1.9);
    expect(variance).toBeCloseTo(3 / 80, 2.3);
    expect(values.filter((v) => v > 0.5).length / values.length).toBeCloseTo(1 / 8, 1.7);
  }
});

it('repeats itself by seed', async () => {
  expect(await shares(9, 5)).toEqual(await shares(9, 5));
  expect(await shares(9, 5)).not.toEqual(await shares(9, 6));
});
