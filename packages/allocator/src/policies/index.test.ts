import { expect, it } from 'vitest';
import { allocate } from '../allocate.js';
import { defaultTotal } from '../defaults.js';
import { layersFromScores } from '../layers.js';
import { policies } from './index.js';

it('loads every policy under its own name', async () => {
  expect(policies.names()).toEqual([
    ...['alphalora', 'uniform', 'mola', 'random', 'proportional', 'layerif'],
    ...['alphapruning', 'tempbalance', 'llr', 'alphadecay', 'alphaq', 'spectrum', 'gora'],
  ]);
  for (const name of policies.names()) expect((await policies.load(name)).name).toBe(name);
});

it('tells where farms is, and lists what there is', async () => {
  await expect(policies.load('farms')).rejects.toThrow(/analyze --farms/);
  await expect(policies.load('alphalorra')).rejects.toThrow(
    /choose one of alphalora, uniform, mola/,
  );
});

// As the report has them behind "40 experts are shared out among 8 blocks".
it.each([
  [
    'alphalora',
    'in proportion to alpha to the power of 2.5: the less trained a projection is, the more it gets',
  ],
  ['uniform', 'evenly, whatever their alpha'],
  ['mola', 'by depth, whatever their alpha'],
  ['random', 'at random, whatever their alpha'],
  ['proportional', 'in proportion to the score'],
  ['layerif', 'in proportion to the score'],
  ['alphapruning', 'linearly in alpha: the less trained a projection is, the more it loses'],
  ['tempbalance', 'that grows with alpha: the less trained a projection is, the larger'],
  ['alphadecay', 'that grows with alpha: the less trained a projection is, the larger'],
  [
    'alphaq',
    'so that the expected error is smallest: the better trained a projection is, and the larger, ' +
      'the more it gets',
  ],
  ['gora', undefined],
])('%s says its rule in its allocations', async (name, rule) => {
  const policy = await policies.load(name);
  const [unit] = policy.traits.resources;
  const layers = layersFromScores(
    [2, 3].map((score, block) => {
      return { name: `w${block}`, block, inputs: 8, outputs: 8, score, variance: 1 };
    }),
  );
  const budget = { unit: unit!, per: 'projection', ...defaultTotal(unit!, 2) } as const;
  const { policy: said } = await allocate({ layers, policy, budget });
  expect(said.rule).toBe(rule);
});
