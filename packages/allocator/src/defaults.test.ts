import { resourceNames } from '@alphalora/documents';
import { expect, it } from 'vitest';
import { allocate } from './allocate.js';
import { defaultPolicy, defaultTotal } from './defaults.js';
import { layersFromScores } from './layers.js';
import { policies } from './policies/index.js';

it('has a policy for every resource', () => {
  expect(defaultPolicy('sparsity')).toBe('alphapruning');
  expect(defaultPolicy('rank')).toBe('alphalora');
});

// The published budget: 160 experts for the 32 blocks of a 7B model.
it.each([
  ['experts', { total: 160 }],
  ['rank', { total: 8 * 32 }],
  ['bits', { measure: 'average', total: 4 }],
  ['sparsity', { measure: 'average', total: 0.5 }],
  ['learning-rate', {}],
  ['weight-decay', {}],
] as const)('has the usual total of %s', (unit, expected) => {
  expect(defaultTotal(unit, 32)).toEqual(expected);
});

it.each(resourceNames)('has a policy and a total that go together for %s', async (unit) => {
  const layers = layersFromScores(
    [2, 3].map((score, block) => {
      return {
        name: `w${block}`,
        block,
        role: 'q_proj',
        inputs: 8,
        outputs: 8,
        score,
        variance: 1,
      };
    }),
  );
  const policy = await policies.load(defaultPolicy(unit));
  const budget = { unit, ...defaultTotal(unit, layers.length) };
  expect((await allocate({ layers, policy, budget })).budget).toMatchObject(budget);
});
