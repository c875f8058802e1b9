import { expect, it } from 'vitest';
import { policies } from './index.js';

it('loads every policy under its own name', async () => {
  expect(policies.names()).toEqual([
    ...['alphalora', 'uniform', 'mola', 'random', 'layerif'],
    ...['alphapruning', 'tempbalance', 'alphadecay', 'alphaq', 'gora'],
  ]);
  for (const name of policies.names()) expect((await policies.load(name)).name).toBe(name);
});

it('tells where farms is, and lists what there is', async () => {
  await expect(policies.load('farms')).rejects.toThrow(/analyze --farms/);
  await expect(policies.load('alphalorra')).rejects.toThrow(
    /choose one of alphalora, uniform, mola/,
  );
});
