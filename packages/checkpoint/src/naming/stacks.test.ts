/** Stacks by names and shapes: of the layouts that models are published in, and whatever else is named. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from './config.js';
import { identify } from './index.js';
import type { NamedShape } from './lists.js';
import { type Stack, type Stacks, stacksOf } from './stacks.js';

const llama = ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.up_proj', 'mlp.down_proj'];
const vit = ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'];

/** `[size, size]` for each of the modules of each of the blocks. */
function list(name: string, blocks: number, size = 8, modules = llama): NamedShape[] {
  return Array.from({ length: blocks }, (_, block) =>
    modules.map((module) => ({ name: `${name}.${block}.${module}.weight`, shape: [size, size] })),
  ).flat();
}

/** Names of the main ones with their blocks, then of the others. */
function found({ all }: Stacks): [main: [string, number][], others: [string, number][]] {
  const named = (main: boolean) =>
    all
      .filter((stack) => stack.main === main)
      .map(({ name, blocks }): [string, number] => [name, blocks]);
  return [named(true), named(false)];
}

type Case = [
  title: string,
  tensors: NamedShape[],
  config: ModelConfig,
  main: [string, number][],
  others?: [string, number][],
];

const text = (count: number): ModelConfig => ({ text_config: { num_hidden_layers: count } });

const cases: Case[] = [
  ['a Llama', list('model.layers', 3), { num_hidden_layers: 3 }, [['model.layers', 3]]],
  ['a model without a configuration', list('h', 2), {}, [['h', 2]]],
  [
    'Llava, whose vision tower is the larger',
    [
      ...list('vision_tower.vision_model.encoder.layers', 9, 16, vit),
      ...list('language_model.model.layers', 2),
    ],
    text(2),
    [['language_model.model.layers', 2]],
    [['vision_tower.vision_model.encoder.layers', 9]],
  ],
  [
    'Qwen2-VL, without a configuration',
    [...list('visual.blocks', 9, 16, vit), ...list('model.layers', 2)],
    {},
    [['model.layers', 2]],
    [['visual.blocks', 9]],
  ],
  [
    'BLIP-2',
    [
      ...list('vision_model.encoder.layers', 4, 16, vit),
      ...list('qformer.encoder.layer', 3, 16),
      ...list('language_model.model.decoder.layers', 2),
    ],
    {
      ...text(2),
      vision_config: { num_hidden_layers: 4 },
      qformer_config: { num_hidden_layers: 3 },
    },
    [['language_model.model.decoder.layers', 2]],
    [
      ['vision_model.encoder.layers', 4],
      ['qformer.encoder.layer', 3],
    ],
  ],
  [
    'MiniCPM-V',
    [...list('llm.model.layers', 2), ...list('vpm.encoder.layers', 3, 16, vit)],
    { num_hidden_layers: 2 },
    [['llm.model.layers', 2]],
    [['vpm.encoder.layers', 3]],
  ],
  [
    'Qwen-Omni, which has the configuration of its text in that of its thinker',
    [
      ...list('talker.model.layers', 5, 16),
      ...list('thinker.audio_tower.layers', 6, 16, vit),
      ...list('thinker.visual.blocks', 7, 16, vit),
      ...list('thinker.model.layers', 2),
    ],
    { thinker_config: text(2), talker_config: text(5) },
    [['thinker.model.layers', 2]],
    [
      ['talker.model.layers', 5],
      ['thinker.audio_tower.layers', 6],
      ['thinker.visual.blocks', 7],
    ],
  ],
  [
    'names that nobody knows, by the number of blocks',
    [...list('eyes.layers', 9, 16, vit), ...list('mouth.layers', 2)],
    { llm_config: { num_hidden_layers: 2 }, vision_config: { num_hidden_layers: 9 } },
    [['mouth.layers', 2]],
    [['eyes.layers', 9]],
  ],
  [
    'CLIP as a whole: its text model',
    [...list('vision_model.encoder.layers', 3, 16, vit), ...list('text_model.encoder.layers', 2)],
    { ...text(2), vision_config: { num_hidden_layers: 3 } },
    [['text_model.encoder.layers', 2]],
    [['vision_model.encoder.layers', 3]],
  ],
  [
    'a vision tower alone',
    list('vision_model.encoder.layers', 3, 8, vit),
    { num_hidden_layers: 3 },
    [['vision_model.encoder.layers', 3]],
  ],
  [
    'a vision tower alone with the configuration of all of CLIP',
    list('vision_model.encoder.layers', 3, 8, vit),
    { ...text(12), vision_config: { num_hidden_layers: 3 } },
    [['vision_model.encoder.layers', 3]],
  ],
  [
    'wav2vec2: its transformer, not the convolutions before it',
    [
      ...list('wav2vec2.feature_extractor.conv_layers', 4, 8, ['conv']),
      ...list('wav2vec2.encoder.layers', 2),
    ],
    { model_type: 'wav2vec2' },
    [['wav2vec2.encoder.layers', 2]],
    [['wav2vec2.feature_extractor.conv_layers', 4]],
  ],
  [
    'FLUX: the larger',
    [...list('transformer_blocks', 2, 16), ...list('single_transformer_blocks', 4)],
    { _class_name: 'FluxTransformer2DModel', num_layers: 2, num_single_layers: 4 },
    [['transformer_blocks', 2]],
    [['single_transformer_blocks', 4]],
  ],
  [
    'a diffusion model in one file with its text encoders',
    [
      ...list('text_encoders.clip_l.transformer.text_model.encoder.layers', 3, 32),
      ...list('model.diffusion_model.double_blocks', 2),
    ],
    {},
    [['model.diffusion_model.double_blocks', 2]],
    [['text_encoders.clip_l.transformer.text_model.encoder.layers', 3]],
  ],
  [
    'Swin, whose stages are lists of blocks',
    [0, 1, 2].flatMap((stage) => list(`encoder.layers.${stage}.blocks`, [2, 2, 6][stage]!)),
    { depths: [2, 2, 6], num_layers: 3 },
    [['encoder.layers.2.blocks', 6]],
    [
      ['encoder.layers.0.blocks', 2],
      ['encoder.layers.1.blocks', 2],
    ],
  ],
  [
    'SegFormer, whose stages have no names',
    [0, 1].flatMap((stage) => list(`segformer.encoder.block.${stage}`, stage + 2)),
    { depths: [2, 3] },
    [['segformer.encoder.block.1', 3]],
    [['segformer.encoder.block.0', 2]],
  ],
  [
    'Whisper: both halves',
    [...list('model.encoder.layers', 2), ...list('model.decoder.layers', 3)],
    { is_encoder_decoder: true, encoder_layers: 2, decoder_layers: 3, num_hidden_layers: 2 },
    [
      ['model.encoder.layers', 2],
      ['model.decoder.layers', 3],
    ],
  ],
  [
    'T5, whose blocks have lists of parts',
    [
      ...list('decoder.block', 3, 8, [
        ...['layer.0.SelfAttention.q', 'layer.0.layer_norm', 'layer.1.EncDecAttention.q'],
        ...['layer.1.layer_norm', 'layer.2.DenseReluDense.wi', 'layer.2.layer_norm'],
      ]),
      ...list('encoder.block', 2, 8, [
        ...['layer.0.SelfAttention.q', 'layer.0.layer_norm'],
        ...['layer.1.DenseReluDense.wi', 'layer.1.layer_norm'],
      ]),
    ],
    { model_type: 't5', num_layers: 2, num_decoder_layers: 3 },
    [
      ['encoder.block', 2],
      ['decoder.block', 3],
    ],
  ],
  [
    'Florence-2: the halves of its text model',
    [
      ...list('vision_tower.blocks', 4, 32, vit),
      ...list('language_model.model.encoder.layers', 2),
      ...list('language_model.model.decoder.layers', 2),
    ],
    { text_config: { encoder_layers: 2, decoder_layers: 2 } },
    [
      ['language_model.model.encoder.layers', 2],
      ['language_model.model.decoder.layers', 2],
    ],
    [['vision_tower.blocks', 4]],
  ],
  [
    'an image captioner of two models, each with its configuration',
    [...list('encoder.encoder.layer', 3, 8, vit), ...list('decoder.bert.encoder.layer', 2)],
    {
      is_encoder_decoder: true,
      encoder: { num_hidden_layers: 3 },
      decoder: { num_hidden_layers: 2 },
    },
    [
      ['encoder.encoder.layer', 3],
      ['decoder.bert.encoder.layer', 2],
    ],
  ],
  [
    'the decoder of BART alone',
    list('model.decoder.layers', 2),
    { encoder_layers: 4, decoder_layers: 2, num_hidden_layers: 4 },
    [['model.decoder.layers', 2]],
  ],
  [
    'DeepSeek-V3: multi-token prediction behind the model',
    list('model.layers', 4),
    { num_hidden_layers: 3, num_nextn_predict_layers: 1 },
    [['model.layers', 3]],
    [['model.layers.mtp', 1]],
  ],
  [
    'Qwen3-Next: multi-token prediction in a list of its own',
    [...list('model.layers', 4), ...list('mtp.layers', 1, 64)],
    { num_hidden_layers: 4 },
    [['model.layers', 4]],
    [['mtp.layers', 1]],
  ],
  [
    'blocks that nothing tells of',
    list('model.layers', 4),
    { num_hidden_layers: 2 },
    [['model.layers', 2]],
    [['model.layers.extra', 2]],
  ],
  [
    'ALBERT, whose blocks share their weights',
    list('albert.encoder.albert_layer_groups', 1),
    { num_hidden_layers: 12, num_hidden_groups: 1 },
    [['albert.encoder.albert_layer_groups', 1]],
  ],
  [
    'Bark, whose codec is the larger',
    [
      ...list('coarse_acoustics.layers', 2),
      ...list('codec_model.encoder.layers', 5, 16),
      ...list('codec_model.decoder.layers', 5, 16),
      ...list('codec_model.quantizer.layers', 9, 16),
      ...list('semantic.layers', 2),
    ],
    { semantic_config: { num_layers: 2 } },
    [['semantic.layers', 2]],
    [
      ['coarse_acoustics.layers', 2],
      ['codec_model.encoder.layers', 5],
      ['codec_model.decoder.layers', 5],
      ['codec_model.quantizer.layers', 9],
    ],
  ],
  [
    'a codec alone',
    [
      ...list('quantizer.layers', 9, 16),
      ...list('encoder.layers', 2),
      ...list('decoder.layers', 2),
    ],
    {},
    [
      ['encoder.layers', 2],
      ['decoder.layers', 2],
    ],
    [['quantizer.layers', 9]],
  ],
  [
    'torch.nn.Sequential, whose members may be more than the blocks',
    list('sequential', 5),
    { num_layers: 3 },
    [['sequential', 5]],
  ],
  [
    'Nemotron-NAS, a block of which has nothing',
    list('model.layers', 4).filter(({ name }) => !name.includes('.2.')),
    { model_type: 'nemotron-nas', num_hidden_layers: 4 },
    [['model.layers', 3]],
  ],
  [
    'numbers with gaps, which no configuration contradicts',
    [...list('model.layers', 8).filter(({ name }) => /layers\.[027]\./.test(name))],
    {},
    [['model.layers', 3]],
  ],
  [
    'wrapped names',
    [
      ...list('_orig_mod.module.model.layers', 2),
      ...list('_orig_mod.module.visual.blocks', 3, 16, vit),
    ],
    text(2),
    [['model.layers', 2]],
    [['visual.blocks', 3]],
  ],
];

describe('the stacks of', () => {
  it.each(cases)('%s', (_, tensors, config, main, others = []) => {
    const stacks = stacksOf(tensors, config);
    expect(found(stacks)).toEqual([main, others]);
    expect(stacks.short).toBeUndefined();
    const count = stacks.all.reduce((sum, { weights }) => sum + weights, 0);
    expect(count).toBe(tensors.length);
  });
});

describe('places', () => {
  it('number an encoder and then its decoder', () => {
    const tensors = [...list('decoder.block', 3), ...list('encoder.block', 2)];
    const stacks = stacksOf(tensors);
    const placeOf = (name: string) => {
      const { block, stack, role } = identify(name, [8, 8], {}, stacks);
      return { block, stack, role };
    };
    expect(placeOf('encoder.block.1.mlp.up_proj.weight')).toEqual({
      block: 1,
      stack: { name: 'encoder.block', block: 1 },
      role: 'up_proj',
    });
    expect(placeOf('decoder.block.0.mlp.up_proj.weight')).toEqual({
      block: 2,
      stack: { name: 'decoder.block', block: 0 },
      role: 'up_proj',
    });
  });

  it('of other stacks have no number among the blocks of the main one', () => {
    const stacks = stacksOf([...list('model.layers', 2), ...list('visual.blocks', 4, 16, vit)]);
    expect(identify('visual.blocks.3.attn.qkv.weight', [48, 16], {}, stacks)).toEqual({
      stack: { name: 'visual.blocks', block: 3 },
      role: 'qkv',
      kind: 'projection',
    });
  });

  it('behind the blocks that the configuration says have the reason', () => {
    const config = { num_hidden_layers: 3, num_nextn_predict_layers: 1 };
    const stacks = stacksOf(list('model.layers', 4), config);
    expect(stacks.placeOf(['model', 'layers', '3', 'eh_proj'])!.stack).toEqual({
      name: 'model.layers.mtp',
      block: 0,
    });
    expect(stacks.all[1]!.reason).toBe(
      'multi-token prediction, behind the 3 blocks of num_hidden_layers',
    );
  });
});

it('takes what a stage has beside its blocks for no block', () => {
  const between = { name: 'encoder.layers.0.downsample.reduction.weight', shape: [64, 64] };
  const stages = [0, 1].flatMap((stage) => list(`encoder.layers.${stage}.blocks`, 2 + stage));
  const stacks = stacksOf([between, ...stages]);
  expect(found(stacks)).toEqual([
    [['encoder.layers.1.blocks', 3]],
    [['encoder.layers.0.blocks', 2]],
  ]);
  expect(identify(between.name, between.shape, {}, stacks)).toEqual({ kind: 'other' });
});

describe('fewer blocks than the configuration says', () => {
  it.each<[string, NamedShape[], ModelConfig, object]>([
    ['of a model', list('model.layers', 2), { num_hidden_layers: 32 }, { count: 32, blocks: 2 }],
    [
      'of a text model',
      [...list('model.layers', 2), ...list('visual.blocks', 32, 8, vit)],
      text(32),
      { stack: 'model.layers' },
    ],
    [
      'of a decoder',
      [...list('encoder.block', 4), ...list('decoder.block', 2)],
      { num_layers: 4 },
      { stack: 'decoder.block', count: 4 },
    ],
    [
      'with one of them left out, and more behind',
      list('model.layers', 8).filter(({ name }) => /layers\.[027]\./.test(name)),
      { num_hidden_layers: 3 },
      { count: 3, blocks: 2, missing: 1 },
    ],
  ])('%s', (_, tensors, config, expected) => {
    expect(stacksOf(tensors, config).short).toMatchObject(expected);
  });
});

describe('whatever the names', () => {
  const prefix = fc.constantFrom('', 'a.', 'net.body.', '_orig_mod.', 'x1.y2.');
  const sizes = fc.array(
    fc.record({ blocks: fc.integer({ min: 1, max: 4 }), size: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const places = (stacks: Stacks, tensors: NamedShape[]) =>
    tensors.map(({ name, shape }) => identify(name, shape, {}, stacks));

  it('what modules around the whole are called changes nothing but names', () => {
    fc.assert(
      fc.property(sizes, prefix, (all, outer) => {
        const tensors = all.flatMap(({ blocks, size }, i) => list(`part${i}.layers`, blocks, size));
        const renamed = tensors.map(({ name, shape }) => ({ name: outer + name, shape }));
        const [a, b] = [stacksOf(tensors), stacksOf(renamed)];
        const facts = ({ all: stacks }: Stacks) =>
          stacks.map(({ name: _, ...rest }: Stack) => rest);
        expect(facts(b)).toEqual(facts(a));
        const numbers = (stacks: Stacks, named: NamedShape[]) =>
          places(stacks, named).map(({ block, stack, role }) => [block, stack?.block, role]);
        expect(numbers(b, renamed)).toEqual(numbers(a, tensors));
      }),
    );
  });

  it('a tower beside a text model changes nothing of it', () => {
    const towers = fc.constantFrom(
      'visual.blocks',
      'vision_tower.encoder.layers',
      'model.audio_tower.layers',
      'x.blocks',
    );
    const names = fc.constantFrom('model.layers', 'language_model.model.layers', 'transformer.h');
    fc.assert(
      fc.property(
        names,
        towers,
        sizes,
        fc.integer({ min: 1, max: 99 }),
        (name, tower, [own], size) => {
          const tensors = list(name, own!.blocks, own!.size);
          const beside = list(tower, own!.blocks + 1, size, vit);
          const whole = stacksOf([...beside, ...tensors]);
          expect(places(whole, tensors)).toEqual(places(stacksOf(tensors), tensors));
          for (const { block, stack } of places(whole, beside)) {
            expect(block).toBeUndefined();
            expect(stack!.name).toBe(tower);
          }
        },
      ),
    );
  });
});
