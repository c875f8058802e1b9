/** What an allocation says that is trained is what training creates. */
import { allocate, alphalora, layersOf } from '@alphalora/allocator';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { adapterSpec, parameterCount } from '@alphalora/molora-tfjs';
import { expect, it } from 'vitest';

const shapes = { q_proj: [6, 4], up_proj: [10, 4] };
const rows = [1, 2, 3].flatMap((alpha, block) =>
  Object.entries(shapes).map(([role, shape]) =>
    measuredRow(`model.layers.${block}.mlp.${role}.weight`, alpha, { shape }),
  ),
);
const analysis = analysisOf(rows, [{ alpha: 1 }, { alpha: 2 }, { alpha: 3 }]);

it.each(['experts', 'rank'] as const)(
  'the trainable parameters of %s are those of the adapter, of one expert too',
  async (unit) => {
    const allocation = await allocate({
      layers: layersOf(analysis),
      policy: alphalora,
      options: { beta: 1 },
      budget: { unit, total: 6 },
      rank: 2,
    });
    const weights = rows.map((row) => ({ ...row, kind: 'projection' as const }));
    const created = parameterCount(adapterSpec({ allocation, weights }));
    const shared = { name: 'adaptive-shared', options: { shared: 1 } };
    // Shared experts have their column of the router, as the others have.
    expect(parameterCount(adapterSpec({ allocation, weights, router: shared }))).toBe(created);
    // 1, 2 and 3 times 4 + 6 and 4 + 10: of rank 2, with routers of 4 in each where there are two or more.
    const expected = unit === 'rank' ? 6 * 24 : 2 * 6 * 24 + 5 * 8;
    expect([allocation.parameters!.trainable, created]).toEqual([expected, expected]);
  },
);
