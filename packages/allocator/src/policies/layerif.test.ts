import { expect, it } from 'vitest';
import { roundShares } from '../rounding/index.js';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { layerif } from './layerif.js';

async function weigh(scores: readonly number[]): Promise<readonly number[]> {
  const layers = sampleLayers(scores);
  const budget = sampleBudget('experts', scores.length);
  const answer = await layerif.allocate(sampleRequest({ layers, options: {}, budget }));
  return 'weights' in answer ? answer.weights : [];
}

it('gives one each and the rest in proportion, with the rounding floor-one', async () => {
  // T = 10, m = 4: six to share; f = 0.6, 1.2, 1.8, 2.4; floors 0, 1, 1, 2; the two left over go to
  // the fractions .8 and .6, layers 2 and 0.
  const weights = await weigh([1, 2, 3, 4]);
  const counts = roundShares('floor-one', weights, 10, { min: 1, max: 10 });
  expect(counts).toEqual([2, 2, 3, 3]);
});

it('takes scores of zero, and no negative ones', async () => {
  expect(await weigh([0, 5])).toEqual([0, 5]);
  await expect(weigh([3, -1])).rejects.toThrow(
    /layerif needs scores of at least 0; layer 1 has -1/,
  );
});
