/** Adapters of kohya, diffusers and mlx-lm; their values are checked in `forms.interop.test.ts`. */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { serializeSafetensors, type TensorData } from '../../formats/safetensors/serialize.js';
import { memorySource } from '../../sources/memory.js';
import { fileOf, matrix, modelOf, vector } from '../../test-support/adapters.js';
import { joined } from '../../test-support/files.js';
import { elementCount } from '../../values/sizes.js';
import type { Adapter } from '../adapter.js';
import { readAdapter } from '../read.js';

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function opened(
  tensors: readonly TensorData[],
  { config, metadata }: { config?: unknown; metadata?: Record<string, string> } = {},
): Promise<Adapter> {
  const bytes = joined(serializeSafetensors({ tensors, ...(metadata && { metadata }) }));
  return readAdapter({
    weights: memorySource(bytes, 'my_lora.safetensors'),
    ...(config !== undefined && { config: memorySource(text(config), 'adapter_config.json') }),
  });
}

async function refusal(attempt: Promise<unknown>) {
  const error = await attempt.catch((reason: unknown) => reason);
  if (!isAlphaLoraError(error)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message };
}

/** Rank 2: A is [2, 3], B is [2, 2]. */
const a = [[1, 2, 3], [0, 1, 0]]; // biome-ignore format: a matrix
const b = [[1, 0], [0, 1]]; // biome-ignore format: a matrix
const factors = (module: string, down: string, up: string) => [
  matrix(`${module}${down}`, a),
  matrix(`${module}${up}`, b),
];
const kohya = (module: string, alpha?: number) => [
  ...factors(module, '.lora_down.weight', '.lora_up.weight'),
  ...(alpha === undefined ? [] : [{ ...vector(`${module}.alpha`, [alpha], 'F16'), shape: [] }]),
];
const q = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const flat = `lora_unet_${q.replaceAll('.', '_')}`;
const weight = (name: string) => matrix(`${name}.weight`, [[0, 0, 0], [0, 0, 0]]); // biome-ignore format: a matrix

describe('names of kohya', () => {
  it.each([
    [flat, `unet.${q}`],
    ['lora_unet_mid_block_attentions_0_proj_in', 'unet.mid_block.attentions.0.proj_in'],
    ['lora_unet_time_embedding_linear_1', 'unet.time_embedding.linear_1'],
    [
      'lora_unet_input_blocks_4_1_transformer_blocks_0_ff_net_0_proj',
      'unet.input_blocks.4.1.transformer_blocks.0.ff.net.0.proj',
    ],
    ['lora_unet_double_blocks_17_img_attn_qkv', 'unet.double_blocks.17.img_attn.qkv'],
    ['lora_unet_double_blocks_3_txt_mlp_2', 'unet.double_blocks.3.txt_mlp.2'],
    ['lora_unet_single_blocks_0_modulation_lin', 'unet.single_blocks.0.modulation.lin'],
    ['lora_unet_joint_blocks_1_x_block_mlp_fc1', 'unet.joint_blocks.1.x_block.mlp.fc1'],
    [
      'lora_te1_text_model_encoder_layers_11_mlp_fc1',
      'text_encoder.text_model.encoder.layers.11.mlp.fc1',
    ],
    [
      'lora_te3_encoder_block_0_layer_1_DenseReluDense_wi_0',
      'text_encoder_3.encoder.block.0.layer.1.DenseReluDense.wi_0',
    ],
    ['lycoris_model_layers_0_self_attn_q_proj', 'model.layers.0.self_attn.q_proj'],
    // Nothing is made of what is not known.
    ['lora_unet_some_new_thing_to_q', 'unet.some_new_thing_to_q'],
    ['lora_unet_some_blocks_0_new_thing', 'unet.some_blocks.0.new_thing'],
  ])('%s is %s', async (name, module) => {
    const { format, updates } = await opened(kohya(name));
    expect([format, updates[0]!.module]).toEqual(['kohya', module]);
  });

  it('give back what they are made of, whatever it is', async () => {
    const word = fc.constantFrom(
      ...['blocks', 'layers', '0', '12', 'attn1', 'to', 'out', 'mlp', 'net', 'encoder', 'x', 'q'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 12 }), async (words) => {
        const name = words.join('_');
        const { updates } = await opened(kohya(`lora_unet_${name}`));
        expect(updates[0]!.module.replaceAll('.', '_')).toBe(`unet_${name}`);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('scales', () => {
  it('of kohya are alpha / rank', async () => {
    const scaleOf = async (alpha?: number) => (await opened(kohya(flat, alpha))).updates[0]!.scale;
    // sd-scripts, networks/lora.py: an alpha that is None or 0 is the rank.
    expect(await Promise.all([undefined, 0, 1, 6].map(scaleOf))).toEqual([1, 1, 0.5, 3]);
    expect(await refusal(scaleOf(Number.NaN))).toMatchObject({ code: 'INVALID_CHECKPOINT' });
  });

  it.each<[string, object | undefined, number]>([
    ['none', undefined, 1],
    ['all modules', { r: 2, lora_alpha: 8 }, 4],
    ['the model of a pipeline', { 'unet.r': 2, 'unet.lora_alpha': 6, 'text_encoder.r': 1 }, 3],
    ['the module', { 'unet.r': 2, 'unet.lora_alpha': 6, 'unet.alpha_pattern': { to_q: 5 } }, 2.5],
    ['another model', { 'text_encoder.r': 1 }, 1],
  ])('of diffusers are those that its metadata say of %s', async (_, noted, scale) => {
    const { format, updates } = await opened(
      factors(`unet.${q}`, '.lora_A.weight', '.lora_B.weight'),
      noted && { metadata: { lora_adapter_metadata: JSON.stringify(noted) } },
    );
    expect([format, updates[0]!.module, updates[0]!.scale]).toEqual([
      ...['diffusers', `unet.${q}`],
      scale,
    ]);
  });

  it('of diffusers that contradict the factors are refused', async () => {
    const tensors = factors(`unet.${q}`, '.lora_A.weight', '.lora_B.weight');
    for (const [noted, message] of [
      ['{"r":4}', /the configuration gives the module the rank 4/],
      ['{"r":2,"use_dora":true}', /lora_adapter_metadata: use_dora is set/],
      ['[', /lora_adapter_metadata: not valid JSON/],
    ] as const) {
      const given = { metadata: { lora_adapter_metadata: noted } };
      expect((await refusal(opened(tensors, given))).message).toMatch(message);
    }
  });
});

describe('names of diffusers', () => {
  it.each([
    [`unet.${q}.lora.down.weight`, `unet.${q}.lora.up.weight`, `unet.${q}`],
    [`unet.${q}.lora_A.default.weight`, `unet.${q}.lora_B.default.weight`, `unet.${q}`],
    [
      'unet.mid_block.attn1.processor.to_out_lora.down.weight',
      'unet.mid_block.attn1.processor.to_out_lora.up.weight',
      'unet.mid_block.attn1.to_out.0',
    ],
    [
      'text_encoder.layers.0.self_attn.to_out_lora.down.weight',
      'text_encoder.layers.0.self_attn.to_out_lora.up.weight',
      'text_encoder.layers.0.self_attn.out_proj',
    ],
    [
      'text_encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight',
      'text_encoder.layers.0.self_attn.q_proj.lora_linear_layer.up.weight',
      'text_encoder.layers.0.self_attn.q_proj',
    ],
    [
      'diffusion_model.blocks.0.ffn.0.lora_down.weight',
      'diffusion_model.blocks.0.ffn.0.lora_up.weight',
      'diffusion_model.blocks.0.ffn.0',
    ],
  ])('%s', async (down, up, module) => {
    const alpha = vector(down.replace(/((_lora)|\.lora|\.lora_\w+)\..*$/, '$2.alpha'), [4]);
    const { format, updates } = await opened([matrix(down, a), matrix(up, b), alpha]);
    expect([format, updates[0]!.module, updates[0]!.scale]).toEqual(['diffusers', module, 2]);
  });
});

describe('adapters that are no product of two factors are refused by name:', () => {
  const one = (name: string) => [matrix(`${flat}.${name}`, [[1]])];
  it.each([
    ['LoHa', one('hada_w1_a')],
    ['LoKr', one('lokr_w1')],
    ['OFT', one('oft_blocks')],
    ['DoRA', [...kohya(flat), ...one('dora_scale')]],
    ['Tucker', [...kohya(flat), ...one('lora_mid.weight')]],
  ])('%s', async (name, tensors) => {
    const error = await refusal(opened(tensors));
    expect(error.code).toBe('UNSUPPORTED_CHECKPOINT');
    expect(error.message).toMatch(name);
    // As a model as well, instead of its parts as weights.
    expect((await refusal(modelOf(tensors))).message).toMatch(name);
  });
});

describe('adapters of mlx-lm', () => {
  const module = 'model.layers.0.self_attn.q_proj';
  const tensors = [
    matrix(`${module}.lora_a`, [[1], [2], [3]]),
    matrix(`${module}.lora_b`, [[4, 5]]),
  ];
  const parameters = { rank: 1, scale: 20, dropout: 0 };

  it('have their factors the other way round, and a scale', async () => {
    const config = { fine_tune_type: 'lora', model: 'org/base', lora_parameters: parameters };
    const { format, base, updates } = await opened(tensors, { config });
    expect([format, base]).toEqual(['mlx-lm', 'org/base']);
    const [update] = updates;
    expect(update).toMatchObject({ module, rank: 1, scale: 20, inputs: 3, outputs: 2 });
    expect([...(await update!.readA()), ...(await update!.readB())]).toEqual([1, 2, 3, 4, 5]);
  });

  it.each<[string, TensorData[], unknown, RegExp]>([
    ['DoRA', tensors, { fine_tune_type: 'dora' }, /fine_tune_type is "dora".*DoRA.*mlx_lm\.fuse/],
    ['whole weights', tensors, { fine_tune_type: 'full' }, /fine_tune_type is "full"/],
    [
      'magnitudes',
      [...tensors, vector(`${module}.m`, [1])],
      { lora_parameters: parameters },
      /q_proj\.m": a magnitude of DoRA/,
    ],
    [
      'experts',
      [{ ...matrix('x.lora_a', [[1, 2]]), shape: [1, 2, 1] }, tensors[1]!],
      { lora_parameters: parameters },
      /stacked experts/,
    ],
    ['no scale', tensors, { lora_parameters: { rank: 1, alpha: 16 } }, /no number as scale/],
    ['no rank', tensors, { lora_parameters: { scale: 1 } }, /no rank/],
    ['another rank', tensors, { lora_parameters: { scale: 1, rank: 2 } }, /the rank 2/],
    ['no parameters', tensors, {}, /no lora_parameters/],
    ['no configuration', tensors, undefined, /mlx-lm whose scale is in adapter_config\.json/],
  ])('are refused with %s', async (_, given, config, message) => {
    const attempt = opened(given, config === undefined ? {} : { config });
    expect((await refusal(attempt)).message).toMatch(message);
  });
});

describe('a file of an adapter as a model', () => {
  it('is one of its updates, and says whose', async () => {
    const checkpoint = await modelOf(kohya(flat, 4));
    expect(checkpoint).toMatchObject({
      adapterFormat: 'kohya',
      tensors: [{ name: `unet.${q}.weight`, shape: [2, 3], factors: { rank: 2, scale: 2 } }],
    });
    expect([...(await checkpoint.tensors[0]!.read())]).toEqual([2, 4, 6, 0, 2, 0]);
    const adapter = await opened(kohya(flat));
    expect(await refusal(modelOf(kohya(flat), { adapter }))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/is an adapter itself/),
    });
  });

  it('asks for the configuration where the scale is there only', async () => {
    const peft = factors(`base_model.model.${q}`, '.lora_A.weight', '.lora_B.weight');
    expect((await refusal(modelOf(peft))).message).toMatch(/PEFT whose scale is in adapter_config/);
    const files = [memorySource(fileOf(peft), 'adapter_model.safetensors')];
    const adapterConfig = memorySource(
      text({ peft_type: 'LORA', r: 2, lora_alpha: 6 }),
      'adapter_config.json',
    );
    const { tensors } = await readCheckpoint({ files, adapterConfig });
    expect(tensors[0]).toMatchObject({ name: `${q}.weight`, factors: { scale: 3 } });
  });

  it.each([
    [
      'weights beside the factors',
      [...kohya('model.layers.0.mlp.up'), weight('model.layers.0.mlp')],
    ],
    [
      'base layers',
      [...factors(q, '.lora_A.vision.weight', '.lora_B.vision.weight'), weight(`${q}.base_layer`)],
    ],
    ['no matrix', [vector('norm.weight', [1])]],
    ['no tensor', []],
  ])('is none with %s', async (_, tensors) => {
    const checkpoint = await modelOf(tensors);
    expect(checkpoint.adapterFormat).toBeUndefined();
    expect(checkpoint.tensors).toHaveLength(tensors.length);
  });

  it('has the kernels of convolutions', async () => {
    const name = 'lora_unet_down_blocks_0_resnets_0_conv1';
    const tensors = [
      { ...matrix(`${name}.lora_down.weight`, [[1, 2, 3, 4, 5, 6, 7, 8]]), shape: [1, 2, 2, 2] },
      { ...matrix(`${name}.lora_up.weight`, [[1], [10]]), shape: [2, 1, 1, 1] },
    ];
    const {
      tensors: [update],
    } = await modelOf(tensors);
    expect(update).toMatchObject({ shape: [2, 2, 2, 2], factors: { rank: 1 } });
    expect([...(await update!.read(6, 12))]).toEqual([7, 8, 10, 20, 30, 40]);
    const module = 'down_blocks.0.resnets.0.conv1.weight';
    const zeros = { ...matrix(module, [Array(16).fill(1)]), shape: [2, 2, 2, 2] };
    const base = await modelOf([zeros], { adapter: await opened(tensors) });
    expect([...(await base.tensors[0]!.read(6, 12))]).toEqual([8, 9, 11, 21, 31, 41]);
  });
});

describe('an adapter of kohya added to a base', () => {
  const added = async (names: string[], tensors: TensorData[]) =>
    modelOf(names.map(weight), { adapter: await opened(tensors) });

  it.each([
    [q],
    [`model.diffusion_model.${q}`],
    // Underscores where the name has none in other families.
    ['down_blocks_0.attentions.0_transformer_blocks.0.attn1.to.q'],
  ])('finds %s', async (name) => {
    const { adapter, tensors } = await added([name, 'conv_in'], kohya(flat));
    expect(adapter).toMatchObject({ applied: 1, unmatched: [] });
    const found = tensors.find((tensor) => tensor.name === `${name}.weight`)!;
    expect([...(await found.read())]).toEqual([1, 2, 3, 0, 1, 0]);
  });

  it('does not guess between two modules, and names them', async () => {
    const both = ['down_blocks.0.to_q', 'down_blocks.0.to.q'];
    expect(await refusal(added(both, kohya('lora_unet_down_blocks_0_to_q')))).toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(
        /any of "down_blocks\.0\.to\.q\.weight", "down_blocks\.0\.to_q\.weight" of the base/,
      ),
    });
  });

  it('names what the base lacks', async () => {
    const rest = kohya('lora_te_text_model_encoder_layers_0_mlp_fc1');
    const { adapter } = await added([q], [...kohya(flat), ...rest]);
    expect(adapter!.unmatched).toEqual(['text_encoder.text_model.encoder.layers.0.mlp.fc1']);
    expect((await refusal(added(['conv_in'], kohya(flat)))).message).toMatch(
      /none of its modules \("unet\.down_blocks.*is in the base \("conv_in/,
    );
  });

  it('takes that of two text encoders whose shape the base has', async () => {
    const layer = 'text_model_encoder_layers_0_mlp_fc1';
    const wide = [
      matrix(`lora_te2_${layer}.lora_down.weight`, [[1, 2, 3, 4]]),
      matrix(`lora_te2_${layer}.lora_up.weight`, [[1], [1]]),
    ];
    const name = 'text_model.encoder.layers.0.mlp.fc1';
    const { adapter, tensors } = await added([name], [...kohya(`lora_te1_${layer}`), ...wide]);
    expect(adapter).toMatchObject({ applied: 1, unmatched: [`text_encoder_2.${name}`] });
    expect([...(await tensors[0]!.read())]).toEqual([1, 2, 3, 0, 1, 0]);
    const same = [...kohya(`lora_te1_${layer}`), ...kohya(`lora_te2_${layer}`)];
    expect((await refusal(added([name], same))).message).toMatch(/two modules for the weight/);
  });
});

it('survives any names of pieces', async () => {
  const part = fc.constantFrom(
    ...['lora_unet_x', 'unet', 'to_q', 'processor', 'to_q_lora', 'lora', 'down', 'up', 'weight'],
    ...['lora_down', 'lora_up', 'lora_A', 'lora_B', 'alpha', 'lora_a', 'lora_b', 'm', 'hada_w1_a'],
    ...['base_model', 'model', 'default', '', 'lora_linear_layer', 'dora_scale', 'base_layer'],
  );
  const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.'));
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { maxLength: 5 }), fc.boolean(), async (names, with_) => {
      const tensors = [...(with_ ? kohya(flat) : []), ...names.map((each) => matrix(each, [[1]]))];
      try {
        for (const { read, shape } of (await modelOf(tensors)).tensors) {
          expect(await read()).toHaveLength(elementCount(shape));
        }
        const adapter = await opened(tensors);
        for (const { read } of (await modelOf([weight(q)], { adapter })).tensors) await read();
        accepted++;
      } catch (error) {
        if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
      }
    }),
    { seed: 1, numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(100);
});
