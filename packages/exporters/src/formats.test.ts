/** What is written is read back with the parsers of the formats, and has the numbers. */

import type { Allocation } from '@alphalora/contracts';
import {
  allocationOf,
  hostile,
  llamaLike,
  type Projection,
  projectionAllocation,
  valueAllocation,
  valuesByProjection,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exporters } from './registry.js';
import { filesOf, notesOf } from './test-support/exported.js';

const experts = projectionAllocation('experts', llamaLike);
const ranks = projectionAllocation('rank', llamaLike);
const positive = (list: readonly Projection[]): Projection[] =>
  list.map(([name, block, amount, own]) => [name, block, Math.max(1, amount), own]);
const odd = projectionAllocation(
  'rank',
  hostile.map((name, i) => [name, 0, i + 1]),
);

const moduleOf = (name: string): string => name.replace(/\.weight$/, '');
/** Rank 0 stands for no adapter. */
const expected = (list: readonly Projection[], times = 1) =>
  Object.fromEntries(list.map(([name, , amount]) => [moduleOf(name), amount * times]));

interface LoraArguments {
  r: number;
  alpha: number;
  dropout: number;
  rslora: boolean;
  targets: string[];
  ranks?: Record<string, number>;
  alphas?: Record<string, number>;
}

/** PEFT's rules, said again: who is a target, and which key of a pattern wins. */
function peftRank(
  module: string,
  { r, targets, ranks = {} }: Pick<LoraArguments, 'r' | 'targets' | 'ranks'>,
): number {
  const target = targets.some((name) => module === name || module.endsWith(`.${name}`));
  if (!target) return 0;
  const key = Object.keys(ranks).find((own) => new RegExp(`^(?:(.*\\.)?(${own})$)`).test(module));
  return key === undefined ? r : ranks[key]!;
}

type Options = Record<string, unknown>;

async function configOf(allocation: Allocation, options?: Options) {
  const files = (await filesOf(allocation, 'peft', options)) as Record<string, string>;
  return JSON.parse(files['adapter_config.json']!);
}

async function taskTypeOf(allocation: Allocation, options?: Options): Promise<string | null> {
  return (await configOf(allocation, options)).task_type;
}

async function readPeft(allocation: Allocation, options?: Options): Promise<LoraArguments> {
  const config = await configOf(allocation, options);
  const { r, lora_alpha: alpha, target_modules: targets, use_rslora: rslora } = config;
  const dropout = config.lora_dropout;
  const { rank_pattern: own, alpha_pattern: alphas } = config;
  return { r, alpha, dropout, rslora, targets, ranks: own, alphas };
}

async function readAxolotl(allocation: Allocation, options?: Options): Promise<LoraArguments> {
  const config = parse((await filesOf(allocation, 'axolotl', options)) as string);
  expect(config.adapter).toBe('lora');
  return {
    r: config.lora_r,
    alpha: config.lora_alpha,
    dropout: config.lora_dropout,
    rslora: config.peft_use_rslora ?? false,
    targets: config.lora_target_modules,
    ranks: config.lora_rank_pattern,
    alphas: config.lora_alpha_pattern,
  };
}

describe.each([
  ['peft', readPeft],
  ['axolotl', readAxolotl],
] as const)('%s', (format, read) => {
  it.each([
    ['ranks', ranks, expected(llamaLike)],
    ['experts as one LoRA of experts x rank', experts, expected(llamaLike, 8)],
    ['hostile names', odd, expected(hostile.map((name, i) => [name, 0, i + 1]))],
  ])('gives each module its rank: %s', async (_, allocation, wanted) => {
    const config = await read(allocation);
    for (const [module, rank] of Object.entries(wanted)) {
      expect([module, peftRank(module, config)]).toEqual([module, rank]);
    }
    expect(config.r).toBe(Math.max(...Object.values(wanted)));
  });

  it('finds no other module', async () => {
    const config = await read(ranks);
    const others = [
      'model.layers.10.self_attn.q_proj',
      'model.layers.0.self_attn.q_proj2',
      'lm_head',
    ];
    for (const other of others) expect(peftRank(other, config)).toBe(0);
  });

  it('finds the modules of a bare checkpoint in a model with a head', async () => {
    const bare: Projection[] = [
      ['h.0.attn.c_attn.weight', 0, 2],
      ['h.10.attn.c_attn.weight', 10, 5],
    ];
    const config = await read(projectionAllocation('rank', bare));
    expect(peftRank('transformer.h.0.attn.c_attn', config)).toBe(2);
    expect(peftRank('transformer.h.10.attn.c_attn', config)).toBe(5);
  });

  it('has scaling 1 with and without the patterns', async () => {
    for (const allocation of [ranks, experts, odd]) {
      const { r, alpha, ranks: rankPattern, alphas } = await read(allocation);
      expect(alpha).toBe(r);
      expect(alphas).toEqual(rankPattern);
    }
  });

  it('has no pattern where all ranks are the same', async () => {
    const same = projectionAllocation(
      'rank',
      llamaLike.map(([name, block]) => [name, block, 4]),
    );
    const { r, ranks: pattern = {} } = await read(same);
    expect([r, pattern]).toEqual([4, {}]);
  });

  it('says what becomes of experts and of modules without rank', async () => {
    const [ofExperts, zeros] = await notesOf(experts, format);
    expect(ofExperts).toMatch(/no experts: each module gets one LoRA .* without their router/);
    expect(zeros).toMatch(/^1 of 6 modules have rank 0/);
    expect((await notesOf(ranks, format))[0]).toMatch(/^1 of 6 modules have rank 0/);
  });
});

describe('peft', () => {
  it('has as many parameters as the experts without routers', async () => {
    const config = await readPeft(experts);
    const parameters = experts.projections!.reduce(
      (sum, { name, inputs, outputs }) =>
        sum + (inputs + outputs) * peftRank(moduleOf(name), config),
      0,
    );
    // 8 for the rank; experts are (2 + 6 + 1) of 16 + 32 and (4 + 3) of 16 + 64.
    expect(parameters).toBe(8 * (9 * 48 + 7 * 80));
  });

  it('says which version reads the ranks, where they differ', async () => {
    expect((await notesOf(ranks, 'peft')).join('\n')).toMatch(
      /PEFT 0\.15 .* gives every module rank 6$/m,
    );
    const same = projectionAllocation(
      'rank',
      llamaLike.map(([name, block]) => [name, block, 4]),
    );
    expect((await notesOf(same, 'peft')).join()).not.toContain('PEFT 0.15');
  });

  it('says how many parameters PEFT must report', async () => {
    const list: Parameters<typeof projectionAllocation>[1] = [
      ['model.layers.0.mlp.gate_proj.weight', 0, 3],
      ['model.layers.0.mlp.experts.0.gate_proj.weight', 0, 2],
      ['model.layers.0.mlp.experts.1.gate_proj.weight', 0, 2],
      ['model.layers.0.mlp.experts.0.up_proj.weight', 0, 2],
      ['model.layers.0.mlp.experts.1.up_proj.weight', 0, 2],
    ];
    const mixture = projectionAllocation('rank', list);
    const [first, second] = mixture.projections!.map(({ inputs, outputs }) => [inputs, outputs]);
    // Both experts have one A for gate and up.
    const expected = 3 * (first![0]! + first![1]!) + 2 * 2 * (second![0]! + 2 * second![1]!);
    expect((await notesOf(mixture, 'peft')).join('\n')).toMatch(
      `the LoRAs have ${expected.toLocaleString('en-US')} trainable parameters in 2 modules`,
    );
  });

  it('refuses an allocation that adapts nothing', async () => {
    const none = projectionAllocation('rank', [['model.layers.0.q.weight', 0, 0]]);
    await expect(filesOf(none, 'peft')).rejects.toMatchObject({
      code: 'INVALID_DOCUMENT',
      message: expect.stringMatching(/nothing to adapt/),
    });
  });

  it('gives what is held as one the mean of the ranks of what is stored as several', async () => {
    const parts = projectionAllocation('rank', [
      ['model.layers.0.mlp.experts.0.gate_proj.weight', 0, 2],
      ['model.layers.0.mlp.experts.0.up_proj.weight', 0, 4],
      ['model.layers.0.mlp.experts.1.gate_proj.weight', 0, 5],
      // Rank 9 with thrice the sides: (48 x (2 + 4 + 5) + 144 x 9) / 288 = 6.33.
      ['model.layers.0.mlp.experts.1.up_proj.weight', 0, 9, { inputs: 48, outputs: 96 }],
    ]);
    const files = (await filesOf(parts, 'peft')) as Record<string, string>;
    expect(JSON.parse(files['adapter_config.json']!)).toMatchObject({
      r: 6,
      target_modules: [],
      target_parameters: ['model.layers.0.mlp.experts.gate_up_proj'],
    });
    expect((await notesOf(parts, 'peft')).join('\n')).toMatch(
      /1 of 1 modules hold several matrices with different ranks and get one, the mean/,
    );
  });

  it('names the weight of a shared expert as a parameter, as PEFT takes its module for all experts', async () => {
    const shared = projectionAllocation('rank', [
      ['model.layers.0.self_attn.q_proj.weight', 0, 2],
      ['model.layers.0.mlp.experts.0.up_proj.weight', 0, 4],
      ['model.layers.0.mlp.shared_expert.up_proj.weight', 0, 3],
    ]);
    const files = (await filesOf(shared, 'peft')) as Record<string, string>;
    expect(JSON.parse(files['adapter_config.json']!)).toMatchObject({
      target_modules: ['model.layers.0.self_attn.q_proj'],
      target_parameters: [
        'model.layers.0.mlp.experts.gate_up_proj',
        'model.layers.0.mlp.shared_expert.up_proj.weight',
      ],
      rank_pattern: {
        'model\\.layers\\.0\\.self_attn\\.q_proj': 2,
        'model\\.layers\\.0\\.mlp\\.shared_expert\\.up_proj\\.weight': 3,
      },
    });
  });

  it.each([
    ['LlamaForCausalLM', 'CAUSAL_LM'],
    ['GPT2LMHeadModel', 'CAUSAL_LM'],
    ['Gemma3ForConditionalGeneration', 'CAUSAL_LM'],
    ['BertForSequenceClassification', 'SEQ_CLS'],
    ['LlamaModel', null],
    ['BertModel', null],
    ['WhisperForConditionalGeneration', null],
    [undefined, null],
  ])('has the task type of the class: %s %s', async (architecture, expected) => {
    const model = { source: 'x', ...(architecture !== undefined && { architecture }) };
    expect(await taskTypeOf({ ...ranks, model })).toBe(expected);
    expect(await taskTypeOf({ ...ranks, model }, { taskType: 'SEQ_CLS' })).toBe('SEQ_CLS');
    expect(await taskTypeOf({ ...ranks, model }, { taskType: 'none' })).toBe(null);
  });

  it('takes the text model of an encoder and a decoder for one from sequence to sequence', async () => {
    const blocks = ranks.blocks.map((block, i) => ({
      ...block,
      stack: { name: i === 0 ? 'encoder.block' : 'decoder.block', block: 0 },
    }));
    const model = { source: 'x', architecture: 'T5ForConditionalGeneration' };
    expect(await taskTypeOf({ ...ranks, blocks, model })).toBe('SEQ_2_SEQ_LM');
  });

  it('says which classes PEFT fails on', async () => {
    const model = { source: 'x', architecture: 'IBertModel' };
    expect((await notesOf({ ...ranks, model }, 'peft'))[0]).toMatch(
      /fails on IBertModel.*QuantLinear/,
    );
  });

  it('leaves out what PEFT refuses, and says so', async () => {
    const mamba = projectionAllocation(
      'rank',
      [
        ['backbone.layers.0.mixer.in_proj.weight', 0, 2],
        ['backbone.layers.0.mixer.out_proj.weight', 0, 6],
      ],
      { model: { source: 'x', architecture: 'MambaForCausalLM', others: ['lm_head.weight'] } },
    );
    const files = (await filesOf(mamba, 'peft')) as Record<string, string>;
    expect(JSON.parse(files['adapter_config.json']!)).toMatchObject({
      r: 2,
      target_modules: ['in_proj'],
    });
    expect(await notesOf(mamba, 'peft')).toEqual([
      'PEFT does not adapt layers.0.mixer.out_proj: 1 of 2 modules get no adapter, with 75 % of the trainable parameters',
      expect.stringContaining('in 1 module:'),
    ]);
  });
});

describe.each([
  ['peft', readPeft],
  ['axolotl', readAxolotl],
] as const)('the options of %s', (format, read) => {
  // Ranks 2, 4, 6, 3, 1 and 0.
  it('give every module the same scaling with any alpha, unless they say otherwise', async () => {
    const constant = await read(ranks, { alpha: 12 });
    expect([constant.r, constant.alpha]).toEqual([6, 12]);
    for (const [key, rank] of Object.entries(constant.ranks!)) {
      expect(constant.alphas![key]).toBe(2 * rank);
    }
    const common = await read(ranks, { scaling: 'alpha/r', alpha: 16 });
    expect([common.alpha, common.alphas ?? {}, common.rslora]).toEqual([16, {}, false]);
    expect((await notesOf(ranks, format, { scaling: 'alpha/r', alpha: 12 })).join()).toContain(
      'updates are scaled by alpha/r: from 2.00 at rank 6 to 12.0 at rank 1',
    );
    const root = await read(ranks, { scaling: 'alpha/sqrt(r)' });
    expect([root.alpha, root.alphas ?? {}, root.rslora]).toEqual([6, {}, true]);
  });

  it('adapt some roles only, and say how much the others had', async () => {
    const options = { targets: ['q_proj'], dropout: 0.1 };
    const config = await read(ranks, options);
    expect(config.targets.every((name) => name.endsWith('.q_proj'))).toBe(true);
    expect([config.targets.length, config.dropout]).toEqual([3, 0.1]);
    // (4 + 3) x 80 of 992.
    expect((await notesOf(ranks, format, options)).join()).toContain(
      '2 of 6 modules are of other roles than targets and get no adapter, with 56 % of the trainable parameters',
    );
  });

  it.each([
    [
      { targets: ['v_proj'] },
      /no module .* the role "v_proj": targets are some of q_proj, up_proj/,
    ],
    [{ scaling: 'alpha' }, /format \w+, option scaling: .*"constant".*"alpha"/],
    [{ alpha: 0 }, /option alpha/],
    [{ dropout: 1 }, /option dropout/],
    [{ rank: 8 }, /rank/],
  ])('are refused by name: %j', async (options, message) => {
    await expect(filesOf(ranks, format, options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message),
    });
  });

  it('have no dropout where parameters are adapted', async () => {
    const stack = projectionAllocation('rank', [['model.layers.0.mlp.experts.down_proj[0]', 0, 2]]);
    await expect(filesOf(stack, format, { dropout: 0.1 })).rejects.toThrow(
      /experts\.down_proj without dropout only: dropout must be 0/,
    );
  });
});

describe('axolotl', () => {
  it('says in the file that older versions ignore the patterns', async () => {
    const text = (await filesOf(ranks, 'axolotl')) as string;
    expect(text).toMatch(
      /^# .*rank 0.*\n# .*older one ignores it and gives every module rank 6\n# the LoRAs have .* trainable parameters/,
    );
  });

  it('keeps towers out by an expression, and has whole alphas', async () => {
    const model = {
      source: 'x',
      architecture: 'Gemma3ForConditionalGeneration',
      others: ['vision_tower.layers.*.self_attn.q_proj.weight'],
    };
    const beside = projectionAllocation('rank', positive(llamaLike), { model });
    const config = parse((await filesOf(beside, 'axolotl')) as string);
    const isTarget = (name: string): boolean =>
      new RegExp(`^(?:${config.lora_target_modules})$`).test(name);
    const names = ['model.language_model.layers.1.self_attn.q_proj', 'layers.2.mlp.up_proj'];
    const kept = ['model.vision_tower.layers.1.self_attn.q_proj', 'lm_head', 'q_proj2'];
    expect([...names, ...kept].filter(isTarget)).toEqual(names);
    await expect(filesOf(ranks, 'axolotl', { alpha: 7 })).rejects.toThrow(
      /whole numbers for alpha, and a module would get 2\.33/,
    );
  });
});

describe('axolotl, of learning rates', () => {
  // Block 10 beside block 1, which its name begins like.
  const list: Projection[] = [
    ['model.layers.1.self_attn.q_proj.weight', 1, 0.5],
    ['model.layers.10.self_attn.q_proj.weight', 10, 2],
    ['model.layers.10.mlp.up_proj.weight', 10, 0.5],
  ];
  const rates = valuesByProjection('learning-rate', list);
  const modelNames = { source: 'x', architecture: 'LlamaForCausalLM', others: [] };

  /** Axolotl's rule, said again: the first name that is in that of the parameter. */
  async function rateOf(allocation: Allocation, name: string): Promise<number> {
    const config = parse((await filesOf(allocation, 'axolotl', { lr: 2e-5 })) as string);
    const groups: Array<{ modules: string[]; lr: number }> = config.lr_groups;
    const group = groups.find(({ modules }) => modules.some((module) => name.includes(module)));
    return group?.lr ?? config.learning_rate;
  }

  it.each([[rates], [{ ...rates, model: modelNames }]])(
    'gives each module its own, also within a LoRA',
    async (allocation) => {
      for (const [name, , factor] of list) {
        const lora = `base_model.model.${moduleOf(name)}.lora_A.default.weight`;
        expect(await rateOf(allocation, name)).toBe(factor * 2e-5);
        expect(await rateOf(allocation, lora)).toBe(factor * 2e-5);
      }
      expect(await rateOf(allocation, 'model.layers.1.mlp.up_proj.weight')).toBe(2e-5);
      expect(await rateOf(allocation, 'model.layers.100.self_attn.q_proj.weight')).toBe(2e-5);
    },
  );

  it('leaves modules of the same names in a tower alone', async () => {
    const others = ['vision_tower.layers.*.self_attn.q_proj.weight'];
    const beside = { ...rates, model: { ...modelNames, others } };
    expect(await rateOf(beside, 'vision_tower.layers.1.self_attn.q_proj.weight')).toBe(2e-5);
    expect(await rateOf(beside, 'model.layers.1.self_attn.q_proj.weight')).toBe(1e-5);
  });

  it('gives what holds several matrices the mean of theirs, and says so', async () => {
    const fused = valuesByProjection('learning-rate', [
      ['model.layers.0.self_attn.qkv_proj.weight[q]', 0, 1, { inputs: 16, outputs: 48 }],
      ['model.layers.0.self_attn.qkv_proj.weight[k]', 0, 2, { inputs: 16, outputs: 16 }],
    ]);
    // (48 x 1 + 16 x 2) / 64.
    expect(await rateOf(fused, 'model.layers.0.self_attn.qkv_proj.weight')).toBe(1.25 * 2e-5);
    expect((await notesOf(fused, 'axolotl', { lr: 1 })).join()).toMatch(
      /1 of 1 modules hold several/,
    );
  });

  it('needs the base learning rate, and takes no options of adapters', async () => {
    await expect(filesOf(rates, 'axolotl')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/pass the option lr/),
    });
    await expect(filesOf(rates, 'axolotl', { lr: 1e-5, alpha: 2 })).rejects.toThrow(/for adapters/);
    expect(parse((await filesOf(ranks, 'axolotl', { lr: 1e-5 })) as string).learning_rate).toBe(
      1e-5,
    );
  });
});

describe('gptqmodel', () => {
  const list: Projection[] = [
    ['model.layers.1.self_attn.q_proj.weight', 1, 4],
    ['model.layers.1.mlp.up_proj.weight', 1, 8],
    ['model.layers.2.self_attn.q_proj.weight', 2, 4],
    ['model.layers.10.self_attn.q_proj.weight', 10, 2],
    ['model.layers.10.mlp.up_proj.weight', 10, 16],
  ];

  /** GPTQModel's rule, said again: the first that matches from the beginning; `-:` is not quantized. */
  async function bitsOf(allocation: Allocation, module: string): Promise<number> {
    const config = JSON.parse((await filesOf(allocation, 'gptqmodel')) as string);
    const key = Object.keys(config.dynamic).find((own) =>
      new RegExp(`^(?:${own.slice(2)})`).test(module),
    );
    if (key?.startsWith('-:')) return 16;
    return key === undefined ? config.bits : config.dynamic[key].bits;
  }

  it('has the bits of each module', async () => {
    const allocation = valuesByProjection('bits', list);
    for (const [name, , bits] of list) {
      expect([name, await bitsOf(allocation, moduleOf(name))]).toEqual([name, bits]);
    }
    expect(await bitsOf(allocation, 'model.layers.1.mlp.up_proj2')).toBe(4);
    expect(await bitsOf(allocation, 'model.layers.11.mlp.up_proj')).toBe(4);
  });

  it('gives what holds several matrices the most bits of theirs, and leaves parameters out', async () => {
    const fused = valuesByProjection('bits', [
      ['model.layers.0.self_attn.qkv_proj.weight[q]', 0, 3],
      ['model.layers.0.self_attn.qkv_proj.weight[k]', 0, 5],
      ['model.layers.0.mlp.experts.down_proj[0]', 0, 2],
    ]);
    expect(await bitsOf(fused, 'model.layers.0.self_attn.qkv_proj')).toBe(5);
    const notes = (await notesOf(fused, 'gptqmodel')).join();
    expect(notes).toMatch(/1 of 1 modules hold several .* get the most of theirs/);
    expect(notes).toMatch(/1 of 2 are parameters .*experts\.down_proj, and are left out/);
  });

  it.each([1, 9, 3.5])('refuses %d bits', async (bits) => {
    const odd = valuesByProjection('bits', [['model.layers.0.q_proj.weight', 0, bits]]);
    await expect(filesOf(odd, 'gptqmodel')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/2 to 8 bits/),
    });
  });
});

describe('llm-compressor', () => {
  const list: Projection[] = [
    ['model.layers.1.self_attn.q_proj.weight', 1, 0.5],
    ['model.layers.1.mlp.up_proj.weight', 1, 0],
    ['model.layers.10.self_attn.q_proj.weight', 10, 0.7],
    ['model.layers.10.mlp.up_proj.weight', 10, 0.5],
  ];

  it('has one modifier that targets each module, with its sparsity', async () => {
    const recipe = parse(
      (await filesOf(valuesByProjection('sparsity', list), 'llm-compressor')) as string,
    );
    const modifiers = Object.values(
      recipe.pruning_stage as Record<
        string,
        { SparseGPTModifier: { sparsity: number; targets: string[] } }
      >,
    );
    const sparsitiesOf = (module: string): number[] =>
      modifiers.flatMap(({ SparseGPTModifier: { sparsity, targets } }) =>
        targets
          .filter((own) => new RegExp(`^(?:${own.slice(3)})`).test(module))
          .map(() => sparsity),
      );
    for (const [name, , sparsity] of list) {
      expect(sparsitiesOf(moduleOf(name))).toEqual(sparsity > 0 ? [sparsity] : []);
    }
    expect(sparsitiesOf('model.layers.1.self_attn')).toEqual([]);
  });

  it.each([
    [1, 'INVALID_OPTION', /would keep none/],
    [0, 'INVALID_DOCUMENT', /nothing to prune/],
  ])('refuses a sparsity of %d everywhere', async (value, code, message) => {
    const odd = valuesByProjection('sparsity', [['model.layers.0.q_proj.weight', 0, value]]);
    await expect(filesOf(odd, 'llm-compressor')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('llama-factory', () => {
  const read = async (allocation: Allocation) =>
    parse((await filesOf(allocation, 'llama-factory')) as string);

  it('has the rank and the modules where all ranks are the same', async () => {
    const same = projectionAllocation(
      'rank',
      llamaLike.map(([name, block]) => [name, block, 4]),
    );
    const config = await read(same);
    expect(config).toMatchObject({ finetuning_type: 'lora', lora_rank: 4, lora_alpha: 4 });
    expect(config.lora_target.split(',')).toEqual(llamaLike.map(([name]) => moduleOf(name)));
    expect(await notesOf(same, 'llama-factory')).toEqual([]);
  });

  it('stays within the parameters where they differ, and says so', async () => {
    const config = await read(ranks);
    // (2 + 6 + 1) 48 + (4 + 3) 80 = 992 parameters; rank 3 of 3 x 48 + 2 x 80 = 304 is 912.
    expect(config).toMatchObject({ lora_rank: 3, lora_alpha: 3 });
    expect(config.lora_target.split(',')).toHaveLength(5);
    const text = (await filesOf(ranks, 'llama-factory')) as string;
    expect(text).toMatch(
      /^# LLaMA-Factory has one rank .*: 3 here, with 912 .* from 1 to 6 with 992$/m,
    );
    expect(text).toMatch(/^# to keep the ranks, make an adapter with peft/m);
  });

  it('leaves out parameters, and refuses nothing but them', async () => {
    const list: Projection[] = [
      ['model.layers.0.self_attn.q_proj.weight', 0, 4],
      ['model.layers.0.mlp.experts.down_proj[0]', 0, 4],
    ];
    const mixed = projectionAllocation('rank', list);
    const config = parse((await filesOf(mixed, 'llama-factory')) as string);
    expect(config.lora_target).toBe('model.layers.0.self_attn.q_proj');
    expect((await notesOf(mixed, 'llama-factory')).join('\n')).toMatch(/adapts modules only, not/);
    await expect(
      filesOf(projectionAllocation('rank', list.slice(1)), 'llama-factory'),
    ).rejects.toThrow(/has none but parameters/);
  });

  it('holds hostile names, but none with a comma', async () => {
    const config = await read(odd);
    expect(config.lora_target.split(',')).toEqual(hostile.map(moduleOf));
    const comma = projectionAllocation('rank', [['model.layers.0.a,b.weight', 0, 4]]);
    await expect(filesOf(comma, 'llama-factory')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/divides .* at commas/),
    });
  });
});

describe('guilomo', () => {
  const read = async (allocation: Allocation) => {
    const files = (await filesOf(allocation, 'guilomo')) as Record<string, string>;
    expect(Object.keys(files)).toEqual(['expert.json', 'rank.json']);
    return {
      experts: JSON.parse(files['expert.json']!) as Record<string, number>,
      ranks: JSON.parse(files['rank.json']!) as Record<string, number>,
    };
  };

  it('refuses lists that no memory holds', async () => {
    const many = positive(llamaLike).map(([name, block]): Projection => [name, block, 1_000_000]);
    await expect(filesOf(projectionAllocation('experts', many), 'guilomo')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/6000000 experts, and at most/),
    });
  });

  it('has the experts of each module, and a rank for each expert', async () => {
    const list = positive(llamaLike);
    const files = await read(projectionAllocation('experts', list));
    expect(files.experts).toEqual(expected(list));
    const counted: Record<string, number> = {};
    for (const [key, rank] of Object.entries(files.ranks)) {
      const [, module, index] = /^(.*)\.expertlora_E_vector_(\d+)$/.exec(key)!;
      counted[module!] = (counted[module!] ?? 0) + 1;
      expect(Number(index)).toBeLessThan(files.experts[module!]!);
      expect(rank).toBe(8);
    }
    expect(counted).toEqual(files.experts);
  });

  it('has one expert of each rank of an allocation of ranks', async () => {
    const files = await read(odd);
    for (const [i, name] of hostile.entries()) {
      expect(Object.entries(files.experts)).toContainEqual([moduleOf(name), 1]);
      expect(files.ranks[`${moduleOf(name)}.expertlora_E_vector_0`]).toBe(i + 1);
    }
  });

  it('says which top-k to pass, and when the names are not as its scripts read them', async () => {
    const list = positive(llamaLike);
    const [topK, ...others] = await notesOf(projectionAllocation('experts', list), 'guilomo');
    expect(topK).toMatch(/pass --top_k "1,1,1"$/);
    expect(others).toEqual([
      'projections of a block have different top-k, and GuiLoMo has one per block',
    ]);
    const gpt2 = projectionAllocation('rank', [['h.0.attn.c_attn.weight', 0, 4]]);
    expect((await notesOf(gpt2, 'guilomo'))[1]).toMatch(/1 names of this model/);
  });

  it('refuses one of several matrices in a tensor, and names what can hold it', async () => {
    const part = projectionAllocation('rank', [['model.layers.0.mlp.experts.down_proj[0]', 0, 4]]);
    await expect(filesOf(part, 'guilomo')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/down_proj\[0\]" is one of several .*--to peft/),
    });
  });

  it('refuses a module without experts', async () => {
    await expect(filesOf(experts, 'guilomo')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/up_proj" has 0 experts.*--min 1/),
    });
  });
});

describe('mola', () => {
  /** As the scripts: words of a shell, then `split(",")`. */
  const read = async (allocation: Allocation) => {
    const text = (await filesOf(allocation, 'mola')) as string;
    const words = text.replaceAll('\\\n', '').match(/--(\w+) "([^"]*)"/g)!;
    return Object.fromEntries(words.map((word) => word.match(/--(\w+) "(.*)"/)!.slice(1)));
  };

  it('has the lists that the scripts split at commas', async () => {
    const allocation = allocationOf([2, 3, 5], {
      topK: [1, 2, 2],
      parameters: { rank: 8, trainable: 1 },
    });
    expect(await read(allocation)).toEqual({
      number_experts: '2,3,5',
      top_k: '1,2,2',
      lora_r: '8,8,8',
    });
    expect(await filesOf(allocation, 'mola')).toBe(
      '--lora_r "8,8,8" \\\n--number_experts "2,3,5" \\\n--top_k "1,2,2"\n',
    );
  });

  it('names the modules where they are the same in every block', async () => {
    const budget = { unit: 'experts', total: 9 } as const;
    const same = projectionAllocation('experts', positive(llamaLike), { budget });
    expect((await read(same))['lora_target_modules']).toBe('q_proj,up_proj');
    const fewer = projectionAllocation('experts', positive(llamaLike).slice(1), { budget });
    expect(await read(fewer)).not.toHaveProperty('lora_target_modules');
    expect(await notesOf(fewer, 'mola')).toContainEqual(
      expect.stringMatching(/blocks adapt different modules/),
    );
  });

  it('says how many parameters the released code trains, with a router for one expert', async () => {
    const budget = { unit: 'experts', total: 3 } as const;
    const names = ['a.0.q_proj.weight', 'a.1.q_proj.weight'];
    const some = projectionAllocation(
      'experts',
      [
        [names[0]!, 0, 1],
        [names[1]!, 1, 2],
      ],
      { budget },
    );
    const { inputs, outputs } = some.projections![0]!;
    const each = 2 * (inputs + outputs) + inputs;
    const ranked = {
      ...some,
      projections: some.projections!.map((own) => ({ ...own, rank: 2 })),
      parameters: { rank: 2, trainable: 1 },
    };
    expect(await notesOf(ranked, 'mola')).toContainEqual(
      expect.stringMatching(new RegExp(`one expert, too: ${3 * each} trainable parameters`)),
    );
  });

  it('writes no name that a shell would run', async () => {
    const budget = { unit: 'experts', total: 2 } as const;
    const name = 'model.layers.0.$(rm -r x)"`.weight';
    const allocation = projectionAllocation('experts', [[name, 0, 2]], { budget });
    expect(await read(allocation)).toEqual({ number_experts: '2', top_k: '1' });
  });

  it.each([
    ['experts per projection', experts, /per projection: --to guilomo/],
    ['a block without experts', allocationOf([2, 0]), /block 1 has 0 experts.*--min 1/],
    [
      'some of the blocks',
      allocationOf([2, 2], { blocks: allocationOf([2, 2, 2]).blocks.slice(1) }),
      /position 0 of this allocation is block 1/,
    ],
  ])('refuses %s', async (_, allocation, message) => {
    await expect(filesOf(allocation, 'mola')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message),
    });
  });

  it('says what the user has to pass', async () => {
    expect(await notesOf(allocationOf([2, 3]), 'mola')).toEqual([
      'the allocation has no rank: pass --lora_r yourself',
      'the allocation does not name its modules: pass --lora_target_modules yourself',
    ]);
  });
});

describe('every format for adapters', () => {
  it.each(['peft', 'axolotl', 'llama-factory', 'trl', 'unsloth', 'ms-swift', 'soup'])(
    '%s says where a rank gains nothing',
    async (to) => {
      // Nine experts of rank 2 are a LoRA of rank 18 for a matrix of rank 16.
      const more = { inputs: 16, outputs: 32, rank: 2 };
      const note = '1 of 2 modules get a rank above the smaller side of their matrix';
      const beyond = projectionAllocation('experts', [
        ['model.layers.0.q.weight', 0, 9, more],
        ['model.layers.0.v.weight', 0, 8, more],
      ]);
      expect((await notesOf(beyond, to)).join()).toContain(`${note}, beyond which`);
      expect((await notesOf(ranks, to)).join()).not.toContain('smaller side');
    },
  );

  const adapters = ['guilomo', 'peft', 'axolotl', 'llama-factory', 'trl', 'unsloth', 'ms-swift'];

  it.each([...adapters, 'soup'])('%s needs names', async (format) => {
    await expect(filesOf(allocationOf([2, 3]), format)).rejects.toMatchObject({
      code: 'INVALID_DOCUMENT',
      message: expect.stringMatching(/names of the projections.*allocate on an analysis\.json/),
    });
  });

  it.each([...adapters, 'soup'])('%s needs ranks', async (format) => {
    const projections = experts.projections!.map(({ rank: _, ...own }) => own);
    await expect(filesOf({ ...experts, projections }, format)).rejects.toMatchObject({
      code: 'INVALID_DOCUMENT',
      message: expect.stringMatching(/no?ne: .*--rank/),
    });
  });

  it.each(['mola', 'guilomo', 'peft', 'axolotl', 'llama-factory'])(
    '%s refuses sparsity and names what fits',
    async (format) => {
      await expect(filesOf(valueAllocation('sparsity', [0.5, 0.7]), format)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: `the format ${format} cannot hold an allocation of sparsity: use csv, llm-compressor for that`,
      });
    },
  );

  it('names all formats that hold ranks where one does not', async () => {
    const all = await Promise.all(exporters.names().map((name) => exporters.load(name)));
    const holding = all.filter(
      ({ kinds, units }) => kinds.includes('allocation') && (units?.includes('rank') ?? true),
    );
    const names = holding.map(({ name }) => name).join(', ');
    await expect(filesOf(ranks, 'mola')).rejects.toThrow(
      `cannot hold an allocation of LoRA ranks: use ${names} for that`,
    );
  });
});

it('names the modules of the model, not of what wrapped it when it was saved', async () => {
  const wrapped = projectionAllocation('rank', [
    ['_orig_mod.model.layers.0._checkpoint_wrapped_module.self_attn.q_proj.weight', 0, 4],
    ['_orig_mod.model.layers.0.self_attn.v_proj.base_layer.weight', 0, 8],
  ]);
  const { targets, ...settings } = await readPeft(wrapped);
  expect(targets).toEqual(['model.layers.0.self_attn.q_proj', 'model.layers.0.self_attn.v_proj']);
  expect(targets.map((module) => peftRank(module, { targets, ...settings }))).toEqual([4, 8]);
});
