import { describe, expect, it } from 'vitest';
import { type AllocateOptions, allocate } from '../allocate.js';
import { layersFromScores } from '../layers.js';
import { alphapruning } from '../policies/alphapruning.js';
import { gora } from '../policies/gora.js';
import { llr } from '../policies/llr.js';
import { proportional } from '../policies/proportional.js';
import { uniform } from '../policies/uniform.js';

const blocks = (...scores: number[]) =>
  layersFromScores(scores.map((score, block) => ({ score, block, inputs: 8, outputs: 8 })));

async function made(request: Omit<AllocateOptions, 'layers'>, ...scores: number[]) {
  const { notes, blocks: rows } = await allocate({ layers: blocks(...scores), ...request });
  const amounts = rows.map(({ value, rank, experts }) => value ?? rank ?? experts);
  return { notes, amounts };
}

const sparsity = (average: number, bounds: { min?: number; max?: number } = {}) => ({
  policy: alphapruning,
  budget: { unit: 'sparsity', measure: 'average', total: average, ...bounds } as const,
});

describe('bounds in the notes of an allocation', () => {
  it('name blocks that AlphaPruning prunes as a whole', async () => {
    // Ratios 0.7, 1 and 1.3 of 0.85 are 0.595, 0.85 and 1.105: the last is 1, the others share 1.55.
    const { notes, amounts } = await made(sparsity(0.85), 2, 3, 4);
    expect(amounts[0]).toBeCloseTo((1.55 * 0.7) / 1.7, 12);
    expect(amounts[2]).toBe(1);
    expect(notes).toEqual([
      '1 of 3 blocks is at the max of 1, which prunes all weights (a max of 0.95 keeps some of each): block 2',
    ]);
  });

  it('name blocks at other bounds of it', async () => {
    // 0.7 * 0.5 is below 0.4, 1.3 * 0.5 above 0.6.
    const { notes, amounts } = await made(sparsity(0.5, { min: 0.4, max: 0.6 }), 2, 3, 4);
    expect([amounts[0], amounts[2]]).toEqual([0.4, 0.6]);
    expect(notes).toEqual([
      '1 of 3 blocks is at the max of 0.6: block 2',
      '1 of 3 blocks is at the min of 0.4: block 0',
    ]);
  });

  it('are none where the rule keeps them', async () => {
    expect((await made(sparsity(0.5), 2, 3, 4)).notes).toBeUndefined();
  });

  it('count what weights give without bounds', async () => {
    const experts = (max: number, min: number) => ({
      policy: proportional,
      budget: { unit: 'experts', total: 12, max, min } as const,
    });
    // In proportion, 1, 2, 3 and 6.
    expect(await made(experts(6, 1), 1, 2, 3, 6)).toEqual({
      amounts: [1, 2, 3, 6],
      notes: undefined,
    });
    const bounded = await made(experts(4, 2), 1, 2, 3, 6);
    expect(bounded.amounts).toEqual([2, 2, 4, 4]);
    expect(bounded.notes).toEqual([
      '1 of 4 blocks is at the max of 4, where the rule gives more: block 3',
      '1 of 4 blocks is at the min of 2, where the rule gives less: block 0',
    ]);
    // Nothing of an equal share is cut.
    const even = { ...experts(3, 3), policy: uniform };
    expect((await made(even, 1, 2, 3, 6)).notes).toBeUndefined();
  });

  it('are told of ranks too, and no more than three names', async () => {
    const { notes, amounts } = await made(
      { policy: gora, budget: { unit: 'rank', total: 18, max: 3 } },
      ...[1, 9, 9, 9, 9, 1],
    );
    // 18 * 9 / 38 is above 4, 18 / 38 rounds to none.
    expect(amounts).toEqual([1, 3, 3, 3, 3, 1]);
    expect(notes).toEqual(['4 of 6 blocks are at the max of 3: block 1, block 2, block 3, ...']);
  });

  it('of factors are kept by no cut: beyond them is an error', async () => {
    const asked = made({ policy: llr, budget: { unit: 'learning-rate', max: 2 } }, 1, 2);
    await expect(asked).rejects.toThrow(/within the bounds 0 and 2, and block 1 has 5/);
  });
});
