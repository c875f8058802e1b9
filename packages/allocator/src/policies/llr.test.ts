import { expect, it } from 'vitest';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { llr } from './llr.js';

it('goes from 1 at the lowest alpha to 5 at the highest, linearly', async () => {
  const layers = sampleLayers([2, 6, 3]);
  const budget = sampleBudget('learning-rate', 3);
  const options = { low: 1, high: 5 };
  expect(await llr.allocate(sampleRequest({ layers, options, budget }))).toEqual({
    values: [1, 5, 2],
  });
  expect(await llr.options!['~standard'].validate({})).toMatchObject({ value: options });
});
