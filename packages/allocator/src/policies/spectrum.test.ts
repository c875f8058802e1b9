import { describe, expect, it } from 'vitest';
import { allocate } from '../allocate.js';
import { type Layer, layersFromScores } from '../layers.js';
import { spectrum } from './spectrum.js';

/** One projection of each role in each block. */
function projections(scores: Record<string, number[]>): Layer[] {
  return layersFromScores(
    Object.entries(scores).flatMap(([role, list]) =>
      list.map((score, block) => ({
        ...{ block, score, role: role.split('.').at(-1)!, inputs: 8, outputs: 8 },
        name: `model.layers.${block}.${role}.weight`,
      })),
    ),
  );
}

/** By role, the blocks that are selected. */
async function selected(
  scores: Record<string, number[]>,
  share: number,
  options: Record<string, unknown> = {},
) {
  const { projections: made = [] } = await allocate({
    layers: projections(scores),
    policy: spectrum,
    options,
    budget: { unit: 'selection', per: 'projection', measure: 'average', total: share },
  });
  return Object.keys(scores).map((role) =>
    made.flatMap(({ name, block, value }) =>
      name.includes(`.${role}.`) && value === 1 ? [block] : [],
    ),
  );
}

describe('spectrum', () => {
  it('takes the highest of each role, as many as the floor of its share', async () => {
    const scores = { 'self_attn.o_proj': [1, 5, 3, 4, 2], 'mlp.down_proj': [50, 10, 20, 40] };
    // floor(5 / 2) = 2 and floor(4 / 2) = 2.
    expect(await selected(scores, 0.5)).toEqual([
      [1, 3],
      [0, 3],
    ]);
    // floor(1.25), floor(1).
    expect(await selected(scores, 0.25)).toEqual([[1], [0]]);
    // floor(1), floor(0.8): nothing of four.
    expect(await selected(scores, 0.2)).toEqual([[1], []]);
  });

  it('keeps roles apart that end alike, and ranks all together when it is asked to', async () => {
    const scores = { 'attn.c_proj': [1, 2], 'mlp.c_proj': [3, 4] };
    expect(await selected(scores, 0.5)).toEqual([[1], [1]]);
    expect(await selected(scores, 0.5, { over: 'all' })).toEqual([[], [0, 1]]);
  });

  it('takes the earlier of equal ones, as a stable sort does', async () => {
    expect(await selected({ 'mlp.up_proj': [1, 2, 2, 2] }, 0.5)).toEqual([[1, 2]]);
  });

  it('does not lose one to the rounding of a product', async () => {
    // 100 * 0.29 is 28.999999999999996 in floating point.
    const scores = { w: Array.from({ length: 100 }, (_, i) => i) };
    expect((await selected(scores, 0.29))[0]).toHaveLength(29);
  });

  it('takes blocks as one role, also by a total', async () => {
    const { blocks } = await allocate({
      layers: layersFromScores([1, 4, 2, 3]),
      policy: spectrum,
      budget: { unit: 'selection', total: 2 },
    });
    expect(blocks.map(({ value }) => value)).toEqual([0, 1, 0, 1]);
  });

  it('refuses scores that were measured and are not its own', async () => {
    const layers = projections({ w: [1, 2] }).map((layer) => ({ ...layer, scoredBy: 'alpha' }));
    const budget = {
      unit: 'selection',
      per: 'projection',
      measure: 'average',
      total: 0.5,
    } as const;
    await expect(allocate({ layers, policy: spectrum, budget })).rejects.toThrow(
      /policy spectrum looks at the metric snr, and the layers are scored with alpha: take them from layersOf/,
    );
  });
});
