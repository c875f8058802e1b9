import type { AlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { optionsFor } from '../host/ask.js';
import { roundShares } from '../rounding/index.js';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { alphalora } from './alphalora.js';

async function weigh(scores: readonly number[], beta: number): Promise<readonly number[]> {
  const answer = await alphalora.allocate(
    sampleRequest({
      layers: sampleLayers(scores),
      options: { beta },
      budget: sampleBudget('experts', scores.length),
    }),
  );
  return 'weights' in answer ? answer.weights : [];
}

describe('alphalora', () => {
  it('weighs by alpha^beta', async () => {
    expect(await weigh([1, 2, 3], 2)).toEqual([1, 4, 9]);
    // 4^2.5 = 32, 9^2.5 = 243.
    expect(await weigh([1, 4, 9], 2.5)).toEqual([1, 32, 243]);
    expect(await weigh([1, 4, 9], 0)).toEqual([1, 1, 1]);
  });

  it('gives 28 experts as 2, 8 and 18 to alphas 1, 2 and 3 with beta 2', async () => {
    const weights = await weigh([1, 2, 3], 2);
    expect(roundShares('largest-remainder', weights, 28, { min: 1, max: 28 })).toEqual([2, 8, 18]);
  });

  it('has beta 2.5 by default and refuses other options by listing its own', async () => {
    const validate = alphalora.options!['~standard'].validate;
    expect(await validate({})).toMatchObject({ value: { beta: 2.5 } });
    const guard = { name: 'alphalora', timeout: 1000 };
    await expect(optionsFor(alphalora, { betta: 2 }, guard)).rejects.toThrow(
      /^policy alphalora has no option "betta": did you mean beta\? its options are beta$/,
    );
    expect((await validate({ beta: 100 })).issues).toBeUndefined();
    expect((await validate({ beta: 101 })).issues).toHaveLength(1);
    expect((await validate({ beta: -1 })).issues).toHaveLength(1);
  });

  it('refuses negative scores, by layer', async () => {
    await expect(weigh([1, -2], 2).catch((error: AlphaLoraError) => error.code)).resolves.toBe(
      'INVALID_OPTION',
    );
    await expect(weigh([1, -2], 2)).rejects.toThrow(/layer 1 has -2/);
  });
});
