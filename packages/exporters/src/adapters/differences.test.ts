/** Adapters beside the allocation that they were trained by. */
import { type Projection, projectionAllocation } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { compareAdapter } from './differences.js';

const layer = (i: number, role: string): string => `model.layers.${i}.${role}`;
const list: Projection[] = [
  [`${layer(0, 'self_attn.q_proj')}.weight`, 0, 4],
  [`${layer(0, 'mlp.up_proj')}.weight`, 0, 2],
  [`${layer(1, 'self_attn.q_proj')}.weight`, 1, 0],
];

type Given = Parameters<typeof compareAdapter>[1];

function adapter(
  ranks: Record<string, number | number[]>,
  format: Given['format'] = 'PEFT',
): Given {
  const updates = Object.entries(ranks).flatMap(([module, all]) =>
    [all].flat().map((rank) => ({ module, rank })),
  );
  return { format, updates, weights: { name: 'adapter' } } as unknown as Given;
}

describe('compareAdapter', () => {
  const ranks = projectionAllocation('rank', list);

  it.each(['', 'base.', 'model.language_model.'])('finds modules behind %j', (prefix) => {
    const names = { 'layers.0.self_attn.q_proj': 4, 'layers.0.mlp.up_proj': 2 };
    const renamed = Object.entries(names).map(([name, rank]) => [
      `${prefix === '' ? 'model.' : prefix.replace('base.', '')}${name}`,
      rank,
    ]);
    expect(compareAdapter(ranks, adapter(Object.fromEntries(renamed)))).toEqual({
      equal: 3,
      differences: [],
    });
  });

  it('tells another rank, a module too few and one too many', () => {
    const trained = adapter({
      [layer(0, 'self_attn.q_proj')]: 8,
      [layer(1, 'self_attn.q_proj')]: 8,
      'model.layers.2.self_attn.q_proj': 8,
    });
    expect(compareAdapter(ranks, trained)).toEqual({
      equal: 0,
      differences: [
        {
          module: layer(0, 'self_attn.q_proj'),
          allocated: { experts: 1, ranks: [4] },
          trained: { experts: 1, ranks: [8] },
        },
        { module: layer(0, 'mlp.up_proj'), allocated: { experts: 1, ranks: [2] } },
        {
          module: layer(1, 'self_attn.q_proj'),
          allocated: { experts: 0, ranks: [] },
          trained: { experts: 1, ranks: [8] },
        },
        { module: 'model.layers.2.self_attn.q_proj', trained: { experts: 1, ranks: [8] } },
      ],
    });
  });

  it('looks at the roles that are asked for', () => {
    const trained = adapter({ [layer(0, 'self_attn.q_proj')]: 4 });
    expect(compareAdapter(ranks, trained, { targets: ['q_proj'] })).toEqual({
      equal: 2,
      differences: [],
    });
    expect(() => compareAdapter(ranks, trained, { targets: ['w_proj'] })).toThrow(
      /no projection with the role "w_proj"; it has q_proj, up_proj/,
    );
  });

  it('expects experts of ours, and of others one LoRA of their ranks together', () => {
    const experts = projectionAllocation('experts', list.slice(0, 1));
    const rank = experts.projections![0]!.rank!;
    const module = layer(0, 'self_attn.q_proj');
    const four = adapter({ [module]: [rank, rank, rank, rank] }, 'AlphaLoRA');
    expect(compareAdapter(experts, four).differences).toEqual([]);
    expect(compareAdapter(experts, adapter({ [module]: 4 * rank })).differences).toEqual([]);
    const three = adapter({ [module]: [rank, rank, rank] }, 'AlphaLoRA');
    expect(compareAdapter(experts, three).differences).toEqual([
      {
        module,
        allocated: { experts: 4, ranks: [rank, rank, rank, rank] },
        trained: { experts: 3, ranks: [rank, rank, rank] },
      },
    ]);
  });
});
