import { expect, it } from 'vitest';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { alphadecay } from './alphadecay.js';

it.each([
  [{}, [0.67, 3, 1.835]],
  [{ high: 5 }, [0.67, 5, 2.835]],
])('maps alpha to 0.67 and up, with %o', async (given, expected) => {
  const validated = await alphadecay.options!['~standard'].validate(given);
  if (validated.issues) throw new Error('the options are sound');
  const layers = sampleLayers([2, 6, 4]);
  const budget = sampleBudget('weight-decay', 3);
  const answer = await alphadecay.allocate(
    sampleRequest({ layers, options: validated.value, budget }),
  );
  const values = 'values' in answer ? answer.values : [];
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
});
