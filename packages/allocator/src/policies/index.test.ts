import { expect, it } from 'vitest';
import { loadPolicy, policies } from './index.js';

it('loads every policy under its own name', async () => {
  expect([...policies.keys()]).toEqual([
    ...['alphalora', 'uniform', 'mola', 'random', 'layerif'],
    ...['alphapruning', 'tempbalance', 'alphadecay', 'alphaq', 'gora'],
  ]);
  for (const name of policies.keys()) expect((await loadPolicy(name)).name).toBe(name);
});

it('tells where farms is, and lists what there is', async () => {
  await expect(loadPolicy('farms')).rejects.toThrow(/analyze --farms/);
  await expect(loadPolicy('alphalorra')).rejects.toThrow(/choose one of alphalora, uniform, mola/);
});
