import { expect, it } from 'vitest';
import { roundShares } from '../rounding/index.js';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { uniform } from './uniform.js';

it('gives 160 experts to 32 blocks as 5 each, whatever the scores', async () => {
  const layers = sampleLayers(Array.from({ length: 32 }, (_, i) => 2 + i));
  const budget = sampleBudget('experts', 32);
  const answer = await uniform.allocate(sampleRequest({ layers, options: {}, budget }));
  const weights = 'weights' in answer ? answer.weights : [];
  const counts = roundShares('largest-remainder', weights, 160, { min: 1, max: 160 });
  expect(counts).toEqual(Array(32).fill(5));
});
