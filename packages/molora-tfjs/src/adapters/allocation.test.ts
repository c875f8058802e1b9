/** Adapters from allocations: which projections, how many experts, and what is refused. */
import type { Allocation } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { adapterSpec } from './allocation.js';

/** [outputs, inputs] of the linear maps of a block of LLaMA-2-7B, and how they are named. */
const llama: ReadonlyArray<readonly [string, number, number]> = [
  ['self_attn.q_proj', 4096, 4096],
  ['self_attn.k_proj', 4096, 4096],
  ['self_attn.v_proj', 4096, 4096],
  ['self_attn.o_proj', 4096, 4096],
  ['mlp.gate_proj', 11008, 4096],
  ['mlp.up_proj', 11008, 4096],
  ['mlp.down_proj', 4096, 11008],
];

function model(blocks: number): WeightDescription[] {
  const weights = Array.from({ length: blocks }, (_, block) =>
    llama.map(([path, outputs, inputs]): WeightDescription => {
      const role = path.split('.')[1]!;
      const name = `model.layers.${block}.${path}.weight`;
      return { name, shape: [outputs, inputs], dtype: 'F32', block, role, kind: 'projection' };
    }),
  );
  const norm: WeightDescription = {
    name: 'model.norm.weight',
    shape: [4096],
    dtype: 'F32',
    kind: 'norm',
  };
  return [...weights.flat(), norm];
}

function ofBlocks(experts: readonly number[], more: Partial<Allocation> = {}): Allocation {
  const topK = experts.map((count) => Math.max(1, Math.min(2, count)));
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'alphalora', version: '0.1.0', options: {} },
    budget: { unit: 'experts', total: experts.reduce((a, b) => a + b, 0) },
    blocks: experts.map((count, index) => {
      return { index, score: 1, experts: count, topK: topK[index]! };
    }),
    experts: [...experts],
    topK,
    ...more,
  };
}

describe('adapterSpec', () => {
  it('gives every projection of a block the experts of the block', () => {
    const { projections, router, dropout } = adapterSpec({
      allocation: ofBlocks([1, 3]),
      weights: model(2),
    });
    expect(projections).toHaveLength(14);
    expect(projections[6]).toEqual({
      name: 'model.layers.0.mlp.down_proj',
      block: 0,
      role: 'down_proj',
      inputs: 11008,
      outputs: 4096,
      ranks: [8],
      scalings: [2],
      topK: 1,
    });
    expect(projections[7]).toMatchObject({ block: 1, ranks: [8, 8, 8], topK: 2 });
    expect([router, dropout]).toEqual([{ name: 'top-k', options: {} }, 0.05]);
  });

  // MoLA, arXiv 2402.08562, and AlphaLoRA, arXiv 2410.10054: the counts that they print.
  it.each([
    [128, [2, 3, 5, 6], 84_508_672],
    [160, [2, 4, 6, 8], 105_635_840],
    [256, [8, 8, 8, 8], 169_017_344],
  ])(
    '%i experts of LLaMA-2-7B have the published number of parameters',
    (total, group, expected) => {
      const experts = group.flatMap((count) => Array.from({ length: 8 }, () => count));
      expect(experts.reduce((a, b) => a + b)).toBe(total);
      const { projections } = adapterSpec({ allocation: ofBlocks(experts), weights: model(32) });
      let parameters = 0;
      for (const { inputs, outputs, ranks } of projections) {
        for (const rank of ranks) parameters += rank * (inputs + outputs) + inputs;
      }
      expect(parameters).toBe(expected);
    },
  );

  it('takes rank and alpha of the options, roles of the targets', () => {
    const { projections } = adapterSpec({
      allocation: ofBlocks([2]),
      weights: model(1),
      targets: ['q_proj', 'v_proj'],
      rank: 4,
      alpha: 32,
      dropout: 0,
      router: { name: 'soft', options: {} },
    });
    expect(projections.map(({ role, ranks, scalings }) => [role, ranks, scalings])).toEqual([
      ['q_proj', [4, 4], [8, 8]],
      ['v_proj', [4, 4], [8, 8]],
    ]);
  });

  it('does not scale the experts of adaptive-shared, unless an alpha is given', () => {
    const request = {
      ...{ allocation: ofBlocks([2]), weights: model(1), targets: ['q_proj'], rank: 4 },
      router: { name: 'adaptive-shared', options: {} },
    };
    expect(adapterSpec(request).projections[0]!.scalings).toEqual([1, 1]);
    expect(adapterSpec({ ...request, alpha: 8 }).projections[0]!.scalings).toEqual([2, 2]);
  });

  it('takes the rank that the allocation reckons with', () => {
    const allocation = ofBlocks([2], { parameters: { rank: 2, trainable: 1 } });
    const { projections } = adapterSpec({ allocation, weights: model(1) });
    expect(projections[0]).toMatchObject({ ranks: [2, 2], scalings: [8, 8] });
    expect(adapterSpec({ allocation, weights: model(1), rank: 4 }).projections[0]!.ranks).toEqual([
      4, 4,
    ]);
  });

  it('leaves blocks without experts out', () => {
    const { projections } = adapterSpec({ allocation: ofBlocks([0, 1]), weights: model(2) });
    expect(new Set(projections.map(({ block }) => block))).toEqual(new Set([1]));
  });

  it('refuses a rank above the smaller side of its matrix', () => {
    const allocation = ofBlocks([1], { budget: { unit: 'rank', total: 4097 } });
    const weights = model(1);
    const ofRank = (rank: number): Allocation => {
      const blocks = allocation.blocks.map((block) => ({ ...block, rank }));
      return { ...allocation, blocks };
    };
    expect(adapterSpec({ allocation: ofRank(4096), weights }).projections).toHaveLength(7);
    expect(() => adapterSpec({ allocation: ofRank(4097), weights })).toThrow(
      /q_proj\.weight has the rank 4097, and no update of it has more than 4096/,
    );
  });

  it('turns ranks into one expert each', () => {
    const allocation = ofBlocks([1, 1, 1], { budget: { unit: 'rank', total: 20 } });
    allocation.blocks.forEach((block, i) => {
      block.rank = [0, 4, 16][i]!;
    });
    const { projections } = adapterSpec({ allocation, weights: model(3), targets: ['o_proj'] });
    expect(projections.map(({ block, ranks, scalings }) => [block, ranks, scalings])).toEqual([
      [1, [4], [4]],
      [2, [16], [1]],
    ]);
    expect(() => adapterSpec({ allocation, weights: model(3), rank: 8 })).toThrow(
      'leave the option',
    );
  });

  it('follows an allocation per projection', () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const projection = {
      name,
      block: 1,
      inputs: 4096,
      outputs: 11008,
      experts: 3,
      topK: 2,
      rank: 2,
    };
    const allocation = ofBlocks([0, 3], {
      budget: { unit: 'experts', per: 'projection', total: 3 },
      projections: [projection],
    });
    const weights = model(2);
    expect(adapterSpec({ allocation, weights }).projections).toEqual([
      {
        name: name.slice(0, -7),
        block: 1,
        role: 'up_proj',
        inputs: 4096,
        outputs: 11008,
        ranks: [2, 2, 2],
        scalings: [8, 8, 8],
        topK: 2,
      },
    ]);
    const turned = {
      ...allocation,
      projections: [{ ...projection, inputs: 11008, outputs: 4096 }],
    };
    expect(() => adapterSpec({ allocation: turned, weights })).toThrow('maps 11008 to 4096 there');
    const foreign = { ...allocation, projections: [{ ...projection, name: 'x' }] };
    expect(() => adapterSpec({ allocation: foreign, weights })).toThrow('which the model has not;');
    const other = { ...foreign, stack: 'visual.blocks' };
    expect(() => adapterSpec({ allocation: other, weights })).toThrow(
      'which the model has not (it is for the stack of blocks visual.blocks)',
    );
    const twice = { ...allocation, projections: [projection, projection] };
    expect(() => adapterSpec({ allocation: twice, weights })).toThrow('twice');
  });

  it('leaves experts that are stacked in one tensor frozen, where the targets say so', () => {
    const expert = (name: string, role: string): WeightDescription => ({
      ...{ name, role, shape: [4, 8, 8], dtype: 'F32', block: 0 },
      ...{ kind: 'projection', stacked: true },
    });
    const weights = [
      ...model(1).filter(({ name }) => !name.includes('mlp')),
      expert('model.layers.0.mlp.experts.gate_up_proj', 'gate_up_proj'),
      expert('model.layers.0.mlp.experts.down_proj', 'down_proj'),
    ];
    const perBlock = ofBlocks([4]);
    const attention = {
      name: 'model.layers.0.self_attn.q_proj.weight',
      inputs: 4096,
      outputs: 4096,
    };
    const stacked = { name: 'model.layers.0.mlp.experts.down_proj[3]', inputs: 8, outputs: 8 };
    const perProjection = {
      ...perBlock,
      projections: [attention, stacked].map((each) => ({ ...each, block: 0, experts: 2, topK: 2 })),
    };
    for (const allocation of [perBlock, perProjection]) {
      const { projections } = adapterSpec({ allocation, weights, targets: ['q_proj'] });
      expect(projections.map(({ name }) => name)).toEqual(['model.layers.0.self_attn.q_proj']);
      expect(() => adapterSpec({ allocation, weights })).toThrow(
        /holds all experts of its block, .* give the targets q_proj,k_proj,v_proj,o_proj, or save/,
      );
    }
    const justAttention = { ...perProjection, projections: perProjection.projections.slice(0, 1) };
    expect(adapterSpec({ allocation: justAttention, weights }).projections).toHaveLength(1);
  });

  it('reads Conv1D weights as [inputs, outputs]', () => {
    const weights: WeightDescription[] = [
      {
        name: 'h.0.attn.c_attn.weight',
        shape: [768, 2304],
        dtype: 'F16',
        block: 0,
        role: 'c_attn',
        kind: 'projection',
        inputFirst: true,
      },
    ];
    const { projections } = adapterSpec({ allocation: ofBlocks([1]), weights });
    expect(projections[0]).toMatchObject({ name: 'h.0.attn.c_attn', inputs: 768, outputs: 2304 });
  });

  it.each<[string, Allocation, string]>([
    ['fewer blocks', ofBlocks([1]), 'it is for 1 blocks, the model has 2; block 1'],
    ['more blocks', ofBlocks([1, 1, 1]), 'it is for 3 blocks, the model has 2; block 2'],
    ['negative counts', ofBlocks([-1, 2]), 'block 0 has -1 experts'],
    ['fractions', ofBlocks([1.5, 2]), 'block 0 has 1.5 experts'],
    ['a claim of memory', ofBlocks([1, 1e9]), 'block 1 has 1000000000 experts'],
    ['bits', ofBlocks([1, 1], { budget: { unit: 'bits', total: 4 } }), 'shares out bits'],
    [
      'a budget per projection without projections',
      ofBlocks([1, 1], { budget: { unit: 'experts', per: 'projection', total: 2 } }),
      'lists none',
    ],
    [
      'more selected than there are',
      ofBlocks([1, 1], {
        blocks: [0, 1].map((index) => ({ index, score: 1, experts: 1, topK: 2 })),
      }),
      'selects 2 of 1 experts',
    ],
    [
      'ranks that are not said',
      ofBlocks([1, 1], { budget: { unit: 'rank', total: 8 } }),
      'has the rank undefined',
    ],
    [
      'a rank that is none',
      ofBlocks([1, 1], {
        blocks: [0, 1].map((index) => ({ index, score: 1, experts: 1, topK: 1, rank: 0.5 })),
      }),
      'has the rank 0.5',
    ],
  ])('refuses %s', (_, allocation, message) => {
    const act = (): unknown => adapterSpec({ allocation, weights: model(2) });
    expect(act).toThrow(expect.objectContaining({ tag: 'alphalora', code: 'INVALID_DOCUMENT' }));
    expect(act).toThrow(message);
  });

  it.each([
    [{ targets: ['c_attn'] }, 'no projection with the role "c_attn"; it has q_proj, k_proj'],
    [{ targets: [] }, 'no projection is left'],
    [{ alpha: 0 }, 'alpha is 0'],
    [{ dropout: 1 }, 'dropout is 1'],
  ])('refuses the options %j', (options, message) => {
    const act = (): unknown =>
      adapterSpec({ allocation: ofBlocks([1]), weights: model(1), ...options });
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(act).toThrow(message);
  });
});
