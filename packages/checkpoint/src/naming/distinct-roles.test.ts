import type { WeightDescription } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDistinctRoles } from './distinct-roles.js';
import { identify } from './index.js';
import { stacksOf } from './stacks.js';

const weight = (name: string, more: object = {}): WeightDescription => ({
  name,
  shape: [64, 64],
  dtype: 'F32',
  ...identify(name, [64, 64]),
  ...more,
});

const distinct = (weights: WeightDescription[]) =>
  withDistinctRoles(
    weights,
    stacksOf(weights.map(({ name, partOf = name, shape }) => ({ name: partOf, shape }))),
  );

/** From the modules of one block, or of several with its number before them, to their roles. */
const rolesOf = (list: string, modules: readonly string[]) =>
  distinct(
    modules.map((module) => weight(`${list}.${/^\d/.test(module) ? '' : '0.'}${module}.weight`)),
  ).map(({ role }) => role);

// Modules as the modeling code of transformers or of the model's repository names them.
describe('withDistinctRoles', () => {
  it.each<[string, string, Record<string, string>]>([
    [
      'Llama: as they are',
      'model.layers',
      { 'self_attn.q_proj': 'q_proj', 'mlp.gate_proj': 'gate_proj', 'mlp.down_proj': 'down_proj' },
    ],
    [
      'GPT-2 and Qwen 1',
      'transformer.h',
      { 'attn.c_proj': 'attn.c_proj', 'mlp.c_proj': 'mlp.c_proj', 'mlp.w1': 'w1' },
    ],
    [
      'GPT-Neo: one alone',
      'transformer.h',
      { 'attn.attention.out_proj': 'out_proj', 'mlp.c_proj': 'c_proj' },
    ],
    [
      'BERT',
      'bert.encoder.layer',
      {
        'attention.self.query': 'query',
        'attention.output.dense': 'attention.output.dense',
        'crossattention.self.query': 'crossattention.query',
        'intermediate.dense': 'intermediate.dense',
        'output.dense': 'output.dense',
      },
    ],
    [
      'T5',
      'decoder.block',
      {
        'layer.0.SelfAttention.q': 'q',
        'layer.1.EncDecAttention.q': 'EncDecAttention.q',
        'layer.2.DenseReluDense.wi_0': 'wi_0',
      },
    ],
    [
      'BART and Whisper',
      'model.decoder.layers',
      { 'self_attn.q_proj': 'q_proj', 'encoder_attn.q_proj': 'encoder_attn.q_proj', fc1: 'fc1' },
    ],
    [
      'GPT-2 with cross attention',
      'h',
      {
        'attn.c_attn': 'c_attn',
        'attn.c_proj': 'attn.c_proj',
        'crossattention.c_attn': 'crossattention.c_attn',
        'crossattention.c_proj': 'crossattention.c_proj',
        'mlp.c_proj': 'mlp.c_proj',
      },
    ],
    [
      'the Q-Former of BLIP-2',
      'qformer.encoder.layer',
      {
        'attention.attention.query': 'query',
        'attention.output.dense': 'attention.output.dense',
        'intermediate_query.dense': 'intermediate_query.dense',
        'output_query.dense': 'output_query.dense',
        'intermediate.dense': 'intermediate.dense',
        'output.dense': 'output.dense',
      },
    ],
    [
      'gated attention',
      'model.layers',
      { 'self_attn.gate_proj': 'self_attn.gate_proj', 'mlp.gate_proj': 'mlp.gate_proj' },
    ],
    [
      'FLUX',
      'transformer_blocks',
      {
        'attn.to_out.0': 'to_out.0',
        'ff.net.0.proj': 'ff.net.0.proj',
        'ff_context.net.0.proj': 'ff_context.net.0.proj',
        'ff.net.2': 'ff.net.2',
        'ff_context.net.2': 'ff_context.net.2',
        'norm1.linear': 'norm1.linear',
        'norm1_context.linear': 'norm1_context.linear',
      },
    ],
    [
      'UNet',
      'mid.transformer_blocks',
      { 'attn1.to_q': 'attn1.to_q', 'attn2.to_q': 'attn2.to_q', 'ff.net.2': 'net.2' },
    ],
    [
      'RWKV',
      'rwkv.blocks',
      {
        'attention.key': 'attention.key',
        'attention.gate': 'gate',
        'attention.output': 'output',
        'feed_forward.key': 'feed_forward.key',
      },
    ],
    [
      'Falcon-H1',
      'model.layers',
      {
        'mamba.in_proj': 'in_proj',
        'mamba.out_proj': 'out_proj',
        'feed_forward.gate_proj': 'gate_proj',
      },
    ],
    [
      'Qwen3-Next: experts and the expert that all tokens share',
      'model.layers',
      {
        'mlp.experts.0.gate_proj': 'experts.gate_proj',
        'mlp.experts.12.gate_proj': 'experts.gate_proj',
        'mlp.shared_expert.gate_proj': 'shared_expert.gate_proj',
      },
    ],
    [
      'Switch Transformers and Mixtral: experts alone',
      'model.layers',
      {
        'mlp.experts.expert_0.wi': 'wi',
        'mlp.experts.expert_1.wi': 'wi',
        'moe.experts.3.w1': 'w1',
      },
    ],
    [
      'DeepSeek: a block without experts keeps the plain role',
      'model.layers',
      {
        '0.mlp.up_proj': 'up_proj',
        '1.mlp.experts.0.up_proj': 'experts.up_proj',
        '1.mlp.shared_experts.up_proj': 'shared_experts.up_proj',
        '2.self_attn.kv_a_proj_with_mqa': 'kv_a_proj_with_mqa',
      },
    ],
    [
      'a module has one role in all blocks',
      'model.layers',
      {
        '0.mixer.out_proj': 'mixer.out_proj',
        '1.self_attn.out_proj': 'self_attn.out_proj',
        '2.mixer.out_proj': 'mixer.out_proj',
        '2.self_attn.out_proj': 'self_attn.out_proj',
      },
    ],
    [
      'T5 keeps the encoder apart',
      'encoder.block',
      { 'layer.0.SelfAttention.q': 'encoder.q', 'layer.1.DenseReluDense.wo': 'encoder.wo' },
    ],
    [
      'an encoder with roles of several modules',
      'encoder.block',
      { 'a.wo': 'encoder.a.wo', 'b.wo': 'encoder.b.wo' },
    ],
  ])('%s', (_, list, modules) => {
    expect(rolesOf(list, Object.keys(modules))).toEqual(Object.values(modules));
  });

  it('judges parts of fused projections by the modules that they would be', () => {
    const [gate, shared] = distinct([
      weight('model.layers.0.mlp.experts.gate_up_proj[gate]', {
        block: 0,
        role: 'gate_proj',
        kind: 'projection',
        partOf: 'model.layers.0.mlp.experts.gate_up_proj',
      }),
      weight('model.layers.0.mlp.shared_expert.gate_proj.weight'),
    ]);
    expect([gate!.role, shared!.role]).toEqual(['experts.gate_proj', 'shared_expert.gate_proj']);
  });

  it('gives biases the role of their module, and leaves alone what is in no block', () => {
    const [, , bias, outer] = distinct([
      weight('h.0.attn.c_proj.weight'),
      weight('h.0.mlp.c_proj.weight'),
      weight('h.0.mlp.c_proj.bias', { kind: 'bias' }),
      weight('pooler.c_proj.weight'),
    ]);
    expect([bias!.role, outer!.role]).toEqual(['mlp.c_proj', undefined]);
  });

  it('gives the modules of a block different roles, whatever they are called', () => {
    const part = fc.constantFrom('a', 'b', 'attn', 'mlp', 'proj', 'dense', '0', '1');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    const block = fc.uniqueArray(path, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(block, { maxLength: 3 }), (blocks) => {
        const names = blocks.flatMap((paths, i) =>
          paths.map((each) => `model.layers.${i}.${each}`),
        );
        const weights = distinct(names.map((name) => weight(`${name}.weight`)));
        const modules = new Map<string, string>();
        for (const { name, block: index, role } of weights) {
          const key = `${index} ${role}`;
          expect(modules.get(key), `${name} and ${modules.get(key)}`).toBeUndefined();
          modules.set(key, name);
        }
      }),
    );
  });
});

it('calls the modules of an encoder as those of its decoder', () => {
  const names = [
    'encoder.block.0.layer.0.SelfAttention.q',
    'encoder.block.0.layer.1.DenseReluDense.wo',
    'decoder.block.0.layer.0.SelfAttention.q',
    'decoder.block.0.layer.1.EncDecAttention.q',
    'decoder.block.0.layer.2.DenseReluDense.wo',
  ];
  const stacks = stacksOf(names.map((name) => ({ name: `${name}.weight`, shape: [64, 64] })));
  const weights = names.map((name): WeightDescription => {
    const shape = [64, 64];
    return {
      name: `${name}.weight`,
      shape,
      dtype: 'F32',
      ...identify(`${name}.weight`, shape, {}, stacks),
    };
  });
  expect(withDistinctRoles(weights, stacks).map(({ role }) => role)).toEqual([
    'q',
    'wo',
    'q',
    'EncDecAttention.q',
    'wo',
  ]);
});
