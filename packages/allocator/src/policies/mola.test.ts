import { describe, expect, it } from 'vitest';
import { optionsFor } from '../host/ask.js';
import { roundShares } from '../rounding/index.js';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { type MolaShape, mola, molaShapes } from './mola.js';

interface Given {
  count: number;
  shape?: MolaShape;
  groups?: number[];
  /** Projections of each block. */
  per?: number;
}

async function weigh({ count, shape = 'inverted-triangle', groups, per = 1 }: Given) {
  const layers = sampleLayers(Array(count * per).fill(3)).map((layer) => ({
    ...layer,
    block: Math.floor(layer.index / per),
  }));
  const options = { shape, groups };
  const budget = sampleBudget('experts', layers.length);
  const answer = await mola.allocate(sampleRequest({ layers, options, budget }));
  return 'weights' in answer ? answer.weights : [];
}

describe('mola', () => {
  it.each([
    ['inverted-triangle', 160, '2468'],
    ['triangle', 160, '8642'],
    ['hourglass', 160, '8228'],
    ['diamond', 160, '2882'],
    ['rectangle', 160, '5555'],
    ['4444', 128, '4444'],
    ['6532', 128, '6532'],
    ['2356', 128, '2356'],
    ['6226', 128, '6226'],
    ['2662', 128, '2662'],
    ['8888', 256, '8888'],
  ] as const)(
    '%s over 32 blocks with its total of %d is %s, eight blocks each',
    async (shape, total, digits) => {
      const weights = await weigh({ count: 32, shape });
      const counts = roundShares('largest-remainder', weights, total, { min: 1, max: total });
      expect(counts).toEqual([...digits].flatMap((digit) => Array(8).fill(Number(digit))));
    },
  );

  it('knows every published shape', () => {
    expect(Object.keys(molaShapes)).toHaveLength(11);
  });

  it('makes groups as equal as can be of any number of blocks', async () => {
    for (let count = 4; count <= 40; count++) {
      const weights = await weigh({ count, groups: [1, 2, 3, 4] });
      const sizes = [1, 2, 3, 4].map((group) => weights.filter((w) => w === group).length);
      expect(Math.max(...sizes) - Math.min(...sizes), `${count} blocks`).toBeLessThanOrEqual(1);
      expect(weights).toEqual(weights.toSorted((a, b) => a - b));
    }
  });

  it('takes any number of groups, and gives the projections of a block one weight', async () => {
    expect(await weigh({ count: 3, groups: [1, 7, 9] })).toEqual([1, 7, 9]);
    expect(await weigh({ count: 2, groups: [1, 7], per: 3 })).toEqual([1, 1, 1, 7, 7, 7]);
  });

  it.each([
    [{ groups: [0, 0] }, /a group above zero/],
    [{ groups: [-1, 2] }, />=0/],
    [{ shape: 'pentagon' }, /pentagon/],
    [{ form: '2468' }, /policy mola has no option "form": its options are shape, groups$/],
  ])('refuses the options %o', async (options, message) => {
    const guard = { name: 'mola', timeout: 1000 };
    await expect(optionsFor(mola, options, guard)).rejects.toThrow(message);
  });
});
