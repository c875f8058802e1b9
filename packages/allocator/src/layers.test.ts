import { type Analysis, defined, type MatrixRow } from '@alphalora/contracts';
import { coverageOf, parseAllocation, summaryOf, summaryText } from '@alphalora/documents';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import { defaultPolicy, defaultTotal } from './defaults.js';
import { emptyBlocks, layersFromScores, layersOf } from './layers.js';
import { alphalora } from './policies/alphalora.js';
import { policies } from './policies/index.js';
import { uniform } from './policies/uniform.js';
import { allocateRobustly } from './robustness.js';
import { withScores } from './scores.js';

function analysisOf(rows: Array<Pick<MatrixRow, 'name' | 'shape'> & object>): Analysis {
  const matrices = rows.map((row) => ({
    dtype: 'BF16',
    block: 0,
    role: 'x',
    kind: 'projection',
    status: 'ok',
    alpha: 2,
    xmin: 1,
    ks: 0.1,
    tail: 9,
    stderr: 0.1,
    metrics: {},
    ...row,
  })) as MatrixRow[];
  const last = Math.max(...matrices.map((row) => row.block ?? 0));
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 't', version: '0' },
    model: { source: 'memory', blocks: last + 1 },
    options: { estimator: 'hill', aggregate: 'mean', engine: 'none' },
    matrices,
    blocks: Array.from({ length: last + 1 }, (_, index) => ({ index, alpha: 2, matrices: 1 })),
    timings: { seconds: 0 },
  };
}

/** A block with the shapes of LLaMA-2-7B. */
const llama2 = (block: number) => [
  ...['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((role) => ({
    name: `${block}.${role}`,
    block,
    shape: [4096, 4096],
  })),
  { name: `${block}.gate_proj`, block, shape: [11008, 4096] },
  { name: `${block}.up_proj`, block, shape: [11008, 4096] },
  { name: `${block}.down_proj`, block, shape: [4096, 11008] },
];

describe('trainable parameters', () => {
  it.each([
    [128, 84_508_672],
    [160, 105_635_840],
    [256, 169_017_344],
  ])('LLaMA-2-7B with %d experts of rank 8, as published', async (total, expected) => {
    const rows = Array.from({ length: 32 }, (_, block) => llama2(block)).flat();
    const layers = layersOf(analysisOf(rows));
    const { parameters } = await allocate({ layers, policy: uniform, budget: { total } });
    expect(parameters).toEqual({ rank: 8, trainable: expected });
  });

  // 5,680 are what the released code of MoLA makes of a Llama of three blocks with 1, 3 and 2 experts.
  it('of one expert with a router where that is asked for, and without', async () => {
    const square = ['q', 'k', 'v', 'o'].map(() => [16, 16]);
    const sides = [...square, [24, 16], [24, 16], [16, 24]];
    const layers = layersOf(
      analysisOf(
        sides.map(([outputs, inputs], i) => ({ name: `${i}`, shape: [outputs!, inputs!] })),
      ),
    );
    const blocks = [
      { experts: 1, rank: 2 },
      { experts: 3, rank: 4 },
      { experts: 2, rank: 3 },
    ];
    const countedWith = async (routerForOne: boolean): Promise<number> => {
      let sum = 0;
      for (const { experts: total, rank } of blocks) {
        const request = { layers, policy: uniform, budget: { total }, rank, routerForOne };
        const { parameters, notes } = await allocate(request);
        sum += parameters!.trainable;
        const isTold = routerForOne && total === 1;
        expect(notes).toEqual(
          isTold ? [expect.stringMatching(/train makes none there/)] : undefined,
        );
      }
      return sum;
    };
    expect(await countedWith(true)).toBe(5680);
    expect(await countedWith(false)).toBe(5680 - (6 * 16 + 24));
  });

  it('says where a router cannot learn', async () => {
    const request = {
      layers: layersOf(analysisOf(llama2(0))),
      policy: uniform,
      budget: { total: 3 },
    };
    const { notes } = await allocate({ ...request, topK: 1 });
    expect(notes).toEqual([expect.stringMatching(/^with top-k 1 .* always 1/)]);
    expect((await allocate({ ...request, topK: 1, budget: { total: 1 } })).notes).toBeUndefined();
    expect((await allocate(request)).notes).toBeUndefined();
  });

  it('counts the parts of a fused projection as the map that they are stored as', () => {
    const [whole] = layersOf(
      analysisOf([{ name: 'c_attn', shape: [768, 2304], inputFirst: true } as never]),
    );
    const [split] = layersOf(
      analysisOf(
        ['q', 'k', 'v'].map((part) => ({
          name: `c_attn[${part}]`,
          partOf: 'c_attn',
          shape: [768, 768],
          inputFirst: true,
        })),
      ),
    );
    expect(whole!.modules).toEqual([{ name: 'c_attn', role: 'x', inputs: 768, outputs: 2304 }]);
    expect(split!.modules).toEqual(whole!.modules);
  });

  it('counts stacked experts one by one, also when they are split', () => {
    const rows = [0, 1].flatMap((expert) =>
      ['gate', 'up'].map((part) => ({
        name: `experts[${part}][${expert}]`,
        partOf: 'experts',
        shape: [30, 10],
      })),
    );
    const [layer] = layersOf(analysisOf(rows));
    expect(layer!.modules).toEqual([
      { name: 'experts[0]', role: 'x', inputs: 10, outputs: 60 },
      { name: 'experts[1]', role: 'x', inputs: 10, outputs: 60 },
    ]);
  });

  it('takes a convolution as the map from its receptive field', () => {
    const [layer] = layersOf(analysisOf([{ name: 'conv', shape: [64, 3, 7, 7] }]));
    expect(layer!.modules).toEqual([{ name: 'conv', role: 'x', inputs: 147, outputs: 64 }]);
  });

  it('leaves out routers and skipped weights', () => {
    const [layer] = layersOf(
      analysisOf([
        { name: 'q', shape: [8, 4] },
        { name: 'gate', shape: [2, 4], kind: 'router' } as never,
        { name: 'k', shape: [8, 4], status: 'skipped', reason: 'excluded' } as never,
      ]),
    );
    expect(layer!.modules).toEqual([{ name: 'q', role: 'x', inputs: 4, outputs: 8 }]);
  });
});

describe('layersOf', () => {
  it('refuses an analysis without blocks or with a block that has no alpha', () => {
    const analysis = analysisOf([{ name: 'q', shape: [8, 4] }]);
    expect(() => layersOf({ ...analysis, blocks: [] })).toThrow(/has no blocks/);
    expect(() => layersOf({ ...analysis, blocks: [{ index: 0, matrices: 0 }] })).toThrow(
      /block 0 has no alpha/,
    );
  });
});

describe('layers per projection', () => {
  const rows = [
    { name: '0.attn[q]', partOf: '0.attn', role: 'q_proj', shape: [4, 6], alpha: 2 },
    { name: '0.attn[k]', partOf: '0.attn', role: 'k_proj', shape: [2, 6], alpha: 5 },
    { name: '0.up', role: 'up_proj', shape: [8, 6], alpha: 3, metrics: { norm: 12 } },
    { name: '1.up', block: 1, role: 'up_proj', shape: [8, 6], alpha: 4 },
  ];

  it('are the stored maps, in their order, with their shapes', () => {
    const analysis = analysisOf(rows as never);
    const projections = layersOf(analysis, { per: 'projection' });
    expect(projections.map(({ modules, scoredBy, blockScore, ...facts }) => facts)).toEqual([
      // The mean of 2 and 5; no role, because the parts have several.
      { index: 0, block: 0, score: 3.5, name: '0.attn', inputs: 6, outputs: 6, parameters: 36 },
      {
        index: 1,
        block: 0,
        score: 3,
        name: '0.up',
        role: 'up_proj',
        // 12 over 48 weights.
        inputs: 6,
        outputs: 8,
        parameters: 48,
        variance: 0.25,
      },
      {
        index: 2,
        block: 1,
        score: 4,
        name: '1.up',
        role: 'up_proj',
        inputs: 6,
        outputs: 8,
        parameters: 48,
      },
    ]);
    expect(projections[0]!.modules).toEqual([{ name: '0.attn', inputs: 6, outputs: 6 }]);
    const windows = { ...analysis, options: { ...analysis.options, farms: {} } };
    expect(layersOf(windows, { per: 'projection' })[1]).not.toHaveProperty('variance');
  });

  it('without a measurement have the mean of their block, and its adapters go on all', () => {
    const failed = { name: '0.down', shape: [6, 8], status: 'failed', reason: 'contains NaN' };
    const analysis = analysisOf([...rows, failed] as never);
    // The mean of 3.5, that of the fused one, and 3.
    expect(layersOf(analysis, { per: 'projection' }).at(-1)).toMatchObject({
      name: '0.down',
      score: 3.25,
      weak: 'contains NaN',
    });
    expect(layersOf(analysis)[0]!.modules).toHaveLength(3);
  });
});

describe('layersFromScores', () => {
  it('takes projections with their shapes, as an analysis would give them', () => {
    const rows = [
      { name: '0.up', block: 0, role: 'up_proj', inputs: 6, outputs: 8, score: 3, variance: 0.25 },
      { name: '1.up', block: 1, role: 'up_proj', inputs: 6, outputs: 8, score: 4 },
    ];
    const matrices = rows.map(({ name, block, role, score: alpha }, i) => ({
      name,
      block,
      role,
      alpha,
      shape: [8, 6],
      // 12 over 48 weights.
      metrics: i === 0 ? { norm: 12 } : {},
    }));
    const measured = layersOf(analysisOf(matrices), { per: 'projection' });
    expect(layersFromScores(rows)).toEqual(
      measured.map(({ scoredBy, blockScore, ...layer }) => layer),
    );
  });

  it('takes blocks with a shape', () => {
    const [layer] = layersFromScores([{ score: 3, inputs: 4, outputs: 5 }]);
    expect(layer).toEqual({ index: 0, block: 0, score: 3, inputs: 4, outputs: 5, parameters: 20 });
  });

  it.each([
    [{ score: 3, inputs: 4 }, /layer 0 needs both inputs and outputs/],
    [{ score: 3, name: 'up' }, /up needs both inputs and outputs/],
    [{ score: 3, name: 'up', inputs: -4, outputs: -4 }, /up needs both/],
  ])('refuses %j', (row, message) => {
    expect(() => layersFromScores([row])).toThrow(message);
  });

  it('takes numbers, or scores of blocks', () => {
    const bare = { inputs: 0, outputs: 0, parameters: 0 };
    expect(layersFromScores([3, 1])).toEqual([
      { index: 0, block: 0, score: 3, ...bare },
      { index: 1, block: 1, score: 1, ...bare },
    ]);
    expect(
      layersFromScores([
        { index: 4, score: 2 },
        { block: 9, score: 1 },
      ]),
    ).toEqual([
      { index: 0, block: 4, score: 2, ...bare },
      { index: 1, block: 9, score: 1, ...bare },
    ]);
  });
});

describe('fits that say nothing', () => {
  const row = (block: number, role: string, alpha: number, weak?: string) => ({
    name: `${block}.${role}`,
    block,
    role,
    alpha,
    shape: [8, 8],
    ...defined({ weak }),
  });
  const withAlphas = (rows: object[], alphas: Array<number | undefined>): Analysis => {
    const analysis = analysisOf(rows as never);
    const blocks = alphas.map((alpha, index) => ({
      index,
      matrices: alpha === undefined ? 0 : 1,
      ...defined({ alpha }),
    }));
    return { ...analysis, blocks };
  };

  it('leave their block the mean of the other blocks, with the reason', async () => {
    const analysis = withAlphas(
      [row(0, 'q', 2), row(1, 'q', 1e6, 'rank two'), row(2, 'q', 4)],
      [2, undefined, 4],
    );
    const layers = layersOf(analysis);
    expect(layers.map(({ score }) => score)).toEqual([2, 3, 4]);
    expect(layers.map(({ weak }) => weak)).toEqual([undefined, 'rank two', undefined]);
    const { blocks } = await allocate({ layers, policy: uniform, budget: { total: 6 } });
    expect(blocks.map(({ weak }) => weak)).toEqual([undefined, 'rank two', undefined]);
    expect(Object.hasOwn(blocks[0]!, 'weak')).toBe(false);
  });

  it('are as good as none: a block whose measurements failed gets the mean, too', () => {
    const failed = (role: string, reason: string) => ({
      name: `1.${role}`,
      block: 1,
      role,
      shape: [8, 8],
      status: 'failed',
      reason,
    });
    const reasons = ['all values are zero', 'has rank one', 'all values are zero'];
    const rows = [
      ...[row(0, 'q', 2), ...reasons.map((reason, i) => failed('qkv'[i]!, reason))],
      ...[row(1, 'up', 1e6, 'flat'), row(2, 'q', 6)],
    ];
    const analysis = withAlphas(rows, [2, undefined, 6]);
    const layers = layersOf(analysis);
    expect(layers.map(({ score }) => score)).toEqual([2, 4, 6]);
    expect(layers.map(({ weak }) => weak)).toEqual([
      ...[undefined, 'all values are zero; has rank one; flat', undefined],
    ]);
    expect(layers[1]!.modules).toHaveLength(4);
    // Of a block of which nothing was measured on purpose, nothing is made up.
    const skipped = { ...failed('q', 'excluded'), status: 'skipped' };
    expect(() => layersOf(withAlphas([row(0, 'q', 2), skipped], [2, undefined]))).toThrow(
      /block 1 has no alpha, because none of its projections was measured/,
    );
  });

  it('leave the blocks of a budget per projection the score that they have as layers', async () => {
    const rows = [row(0, 'q', 2), row(0, 'k', 5), row(1, 'q', 3), row(1, 'k', 9)];
    // 1 + exp(mean of ln(alpha - 1)): the geometric means of 1 and 4, of 2 and 8.
    const analysis = withAlphas(rows, [3, 5]);
    for (const per of ['block', 'projection'] as const) {
      const layers = layersOf(analysis, { per });
      const { blocks } = await allocate({ layers, policy: uniform, budget: { total: 8, per } });
      expect(blocks.map(({ score }) => score)).toEqual([3, 5]);
    }
    // Scores from elsewhere know nothing of it.
    const layers = withScores(
      layersOf(analysis, { per: 'projection' }),
      [1, 2, 3, 5].map((score) => ({ score })),
    );
    const budget = { total: 8, per: 'projection' } as const;
    const { blocks } = await allocate({ layers, policy: uniform, budget });
    expect(blocks.map(({ score }) => score)).toEqual([1.5, 4]);
  });

  it('leave a projection the mean of its block, or of all where the block has no other', async () => {
    const rows = [
      ...[row(0, 'q', 2), row(0, 'k', 1e6, 'flat'), row(0, 'v', 4)],
      ...[row(1, 'q', 1e6, 'short'), row(2, 'q', 6)],
    ];
    const layers = layersOf(withAlphas(rows, [3, undefined, 6]), { per: 'projection' });
    expect(layers.map(({ score }) => score)).toEqual([2, 3, 4, 4, 6]);
    const budget = { total: 10, per: 'projection' as const };
    const { projections } = await allocate({ layers, policy: uniform, budget });
    expect(projections!.map(({ weak }) => weak)).toEqual([
      ...[undefined, 'flat', undefined, 'short', undefined],
    ]);
  });

  it('are no part of the alpha of a fused projection', () => {
    const parts = ['q', 'k'].map((part, i) => ({
      ...row(0, part, [2, 1e6][i]!, [undefined, 'flat'][i]),
      name: `c_attn[${part}]`,
      partOf: 'c_attn',
    }));
    const [layer] = layersOf(withAlphas(parts, [2]), { per: 'projection' });
    expect(layer).toMatchObject({ score: 2 });
    expect(layer).not.toHaveProperty('weak');
  });

  it('are refused where there is no other', () => {
    const analysis = withAlphas([row(0, 'q', 1e6, 'flat')], [undefined]);
    for (const per of ['block', 'projection'] as const) {
      expect(() => layersOf(analysis, { per })).toThrow('has a fit that says anything');
      const stacks = [
        { name: 'codec.layers', blocks: [{ index: 0, matrices: 0 }] },
        { name: 'semantic.layers', blocks: [{ index: 0, alpha: 3, matrices: 1 }] },
      ];
      expect(() => layersOf({ ...analysis, stacks }, { per })).toThrow(
        /choose another stack \(--stack\): semantic\.layers$/,
      );
    }
  });
});

describe('weights that cannot be read', () => {
  const unreadable = (block: number) => ({
    name: `${block}.codes`,
    shape: [64, 64],
    block,
    kind: 'projection' as const,
    status: 'skipped' as const,
    quantization: 'AQLM codebooks',
    reason: 'AQLM codebooks: measure the original checkpoint',
  });

  it('are named where a block has nothing else', () => {
    const analysis = analysisOf([
      { name: '0.q', shape: [64, 64], block: 0 } as never,
      unreadable(1),
    ]);
    const blocks = [analysis.blocks[0]!, { index: 1, matrices: 0 }];
    expect(() => layersOf({ ...analysis, blocks })).toThrow(
      'block 1 has no alpha, because none of its projections was measured: AQLM codebooks: measure the original checkpoint',
    );
  });

  it('are named, whatever the reason, where nothing was measured', () => {
    const reason = 'integers of type I8, quantized in a way that is not known';
    const { quantization: _, ...integers } = { ...unreadable(0), reason };
    const norm = { ...integers, name: '0.norm', kind: 'norm', reason: 'not a matrix' };
    const analysis = (...rows: object[]) => ({
      ...analysisOf(rows as never),
      blocks: [{ index: 0, matrices: 0 }],
    });
    const beginning = 'block 0 has no alpha, because none of its projections was measured';
    expect(() => layersOf(analysis(integers, norm))).toThrow(`${beginning}: ${reason}`);
    const nothing = 'no projection was measured';
    expect(() => layersOf(analysis(norm))).toThrow(`${nothing}: not a matrix`);
    expect(() => layersOf(analysis(integers, norm), { per: 'projection' })).toThrow(
      `${nothing}: ${reason}`,
    );
  });

  it('are a part of the model that the allocation does not rest on', async () => {
    const analysis = analysisOf([
      { name: '0.q', shape: [64, 64], block: 0 } as never,
      unreadable(0),
    ]);
    const request = {
      layers: layersOf(analysis),
      policy: uniform,
      budget: { unit: 'experts', total: 4 },
    } as const;
    const covers = coverageOf(analysis);
    expect(await allocate({ ...request, covers })).toMatchObject({ covers: 0.5 });
    expect(await allocate(request)).not.toHaveProperty('covers');
    await expect(allocate({ ...request, covers: 1.5 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('a block without projections', () => {
  const rows = [
    ...[0, 2].map((block) => ({
      name: `${block}.q_proj`,
      block,
      shape: [8, 8],
      metrics: { norm: 64 },
    })),
    {
      name: '1.norm',
      block: 1,
      shape: [8],
      kind: 'norm',
      status: 'skipped',
      reason: 'not a matrix',
    },
  ];
  const analysis = analysisOf(rows);
  const { alpha: _, ...without } = analysis.blocks[1]!;
  analysis.blocks[1] = { ...without, matrices: 0 };
  const layers = layersOf(analysis);
  const empty = emptyBlocks(analysis);

  it('gets nothing, and the others all', async () => {
    expect(layers.map(({ block }) => block)).toEqual([0, 2]);
    const made = await allocate({ layers, empty, policy: uniform, budget: { total: 8 } });
    expect(made.experts).toEqual([4, 0, 4]);
    expect(made.topK).toEqual([2, 1, 2]);
    expect(made.blocks[1]).toEqual({
      ...{ index: 1, score: 0, share: 0, experts: 0, topK: 1 },
      empty: 'it has no projections',
    });
    expect(parseAllocation(made, 'a.json')).toEqual(made);
    expect(summaryText(summaryOf(made))).toMatch(/^8 experts in 2 blocks /);
  });

  it.each(['rank', 'bits', 'learning-rate'] as const)(
    'of %s, by block and projection',
    async (unit) => {
      for (const per of ['block', 'projection'] as const) {
        const own = layersOf(analysis, { per });
        const policy = await policies.load(defaultPolicy(unit));
        const budget = { unit, per, ...defaultTotal(unit, own.length) };
        const made = await allocate({ layers: own, empty, policy, budget });
        expect(made.blocks.map(({ index }) => index)).toEqual([0, 1, 2]);
        expect(made.blocks[1]!.rank ?? made.blocks[1]!.value).toBe(unit === 'rank' ? 0 : undefined);
        expect(parseAllocation(made, 'a.json')).toEqual(made);
      }
    },
  );

  it('has no part in draws', async () => {
    const draws = [[1, Number.NaN, 3]];
    const job = { layers, empty, policy: alphalora, options: { beta: 1 }, budget: { total: 8 } };
    const { blocks, robustness } = await allocateRobustly(job, {
      draws,
      without: [{ block: 2, name: '2.q_proj', alpha: 2, score: 6 }],
    });
    // 2 : 2 of 8, and 1 : 3; without its projection, block 2 would have 6 of 2 + 6.
    expect(robustness).toEqual({ draws: 1, distance: 4 });
    expect(blocks[1]!.robustness).toBeUndefined();
    expect(blocks[2]!.robustness).toMatchObject({ experts: [6, 6], driver: { experts: 6 } });
  });

  it('is not one of which nothing was measured', () => {
    const skipped = analysisOf(rows);
    skipped.matrices[0] = {
      ...skipped.matrices[0]!,
      status: 'skipped',
      reason: 'left out',
    } as never;
    const { alpha: __, ...block } = skipped.blocks[0]!;
    skipped.blocks[0] = block;
    expect(() => layersOf(skipped)).toThrow('block 0 has no alpha');
  });
});

it('keeps the half of an encoder-decoder that a block is in', async () => {
  const analysis = analysisOf(
    [0, 1].map((block) => ({ name: `${block}.q`, block, shape: [8, 8] })),
  );
  const stacks = ['encoder.block', 'decoder.block'].map((name) => ({ name, block: 0 }));
  analysis.blocks = analysis.blocks.map((block, i) => ({ ...block, stack: stacks[i]! }));
  for (const per of ['block', 'projection'] as const) {
    const layers = layersOf(analysis, { per });
    const { blocks } = await allocate({ layers, policy: uniform, budget: { total: 4, per } });
    expect(blocks.map(({ stack }) => stack)).toEqual(stacks);
  }
});

describe('a block of which everything is left out', () => {
  const without = (reason: string) => {
    const skip = { status: 'skipped', reason, shape: [8, 8] };
    const rows = ['a', 'b', 'c'].map((name, block) => ({
      ...{ name, block, shape: [8, 8] },
      ...(block === 1 && skip),
    }));
    const analysis = analysisOf(rows as never);
    const { alpha: _, ...rest } = analysis.blocks[1]!;
    analysis.blocks[1] = { ...rest, matrices: 0 };
    return analysis;
  };

  it.each([["excluded by --exclude '*.1.*'"], ['not matched by --include']])(
    '%s, gets nothing and says why',
    async (reason) => {
      const analysis = without(reason);
      expect(emptyBlocks(analysis)).toEqual([{ block: 1, why: `its projections are ${reason}` }]);
      const made = await allocate({
        ...{ layers: layersOf(analysis), empty: emptyBlocks(analysis) },
        ...{ policy: uniform, budget: { total: 8 } },
      });
      expect(made.experts).toEqual([4, 0, 4]);
    },
  );

  it('but not by anybody, is an error', () => {
    const analysis = without('codebooks of VPTQ');
    expect(emptyBlocks(analysis)).toEqual([]);
    expect(() => layersOf(analysis)).toThrow(/block 1 has no alpha.*VPTQ/);
  });
});
