import { describe, expect, it } from 'vitest';
import { architectureOf, familyOf } from './architecture.js';

describe('architectureOf', () => {
  const layer = (...names: string[]) => names.map((name) => `model.layers.0.${name}.weight`);

  it.each<[string | undefined, string[]]>([
    ['GPT2LMHeadModel', ['wpe.weight', 'h.0.attn.c_attn.weight']],
    ['LlamaForCausalLM', layer('self_attn.q_proj', 'mlp.gate_proj')],
    ['Qwen2ForCausalLM', [...layer('mlp.gate_proj'), 'model.layers.0.self_attn.q_proj.bias']],
    ['Qwen3ForCausalLM', layer('self_attn.q_proj', 'self_attn.q_norm', 'mlp.gate_proj')],
    ['Qwen3MoeForCausalLM', layer('self_attn.q_norm', 'mlp.experts.0.gate_proj')],
    ['MixtralForCausalLM', layer('self_attn.q_proj', 'block_sparse_moe.experts.0.w1')],
    ['Gemma2ForCausalLM', layer('self_attn.q_proj', 'mlp.gate_proj', 'pre_feedforward_layernorm')],
    ['Phi3ForCausalLM', layer('self_attn.qkv_proj', 'mlp.gate_up_proj')],
    ['PhiForCausalLM', layer('self_attn.q_proj', 'self_attn.dense', 'mlp.fc1')],
    [
      'GPTNeoXForCausalLM',
      ['gpt_neox.embed_in.weight', 'gpt_neox.layers.0.attention.query_key_value.weight'],
    ],
    [
      'BertModel',
      [
        'bert.embeddings.token_type_embeddings.weight',
        'bert.encoder.layer.0.attention.self.query.weight',
      ],
    ],
    ['RobertaModel', ['roberta.encoder.layer.0.attention.self.query.weight']],
    ['QWenLMHeadModel', ['transformer.h.0.attn.c_attn.weight', 'transformer.h.0.mlp.w1.weight']],
    ['CodeGenForCausalLM', ['h.0.attn.qkv_proj.weight', 'h.0.mlp.fc_in.weight']],
    ['ModernBertModel', ['layers.0.attn.Wqkv.weight', 'layers.0.mlp.Wi.weight']],
    [
      'Flux',
      ['double_blocks.0.img_attn.qkv.weight', 'single_blocks.0.linear1.weight', 'img_in.weight'],
    ],
    [undefined, ['net.blocks.0.mixer.weight']],
    [undefined, []],
    [undefined, [`roberta.${'.attention'.repeat(100_000)}`]],
  ])('guesses %s from the names', (architecture, names) => {
    expect(architectureOf(names, undefined)).toBe(architecture);
  });

  it('guesses the model_type with it', () => {
    expect(familyOf(['wpe.weight', 'h.0.attn.c_attn.weight'])).toBe('gpt2');
    expect(familyOf(['x.weight'])).toBeUndefined();
  });

  it('takes the class of a part of a pipeline from where diffusers has it', () => {
    expect(architectureOf([], { _class_name: 'FluxTransformer2DModel' })).toBe(
      'FluxTransformer2DModel',
    );
  });

  it('believes the config, also when it is silent', () => {
    const names = ['wpe.weight', 'h.0.attn.c_attn.weight'];
    expect(architectureOf(names, { architectures: ['A', 'B'] })).toBe('A');
    for (const architectures of ['x', [], [1], null, undefined]) {
      expect(architectureOf(names, { architectures })).toBeUndefined();
    }
  });
});
