/** Names as `conversion_mapping.py` of transformers 5.24 has them; the interop tests of the exporters ask it. */
import { describe, expect, it } from 'vitest';
import { namesInMemory } from './index.js';

const names = (name: string, architecture?: string) =>
  namesInMemory(name, architecture).map((own) => own.name);

describe('a name in memory', () => {
  it.each([
    ['model.layers.3.self_attn.q_proj.weight', ['model']],
    ['language_model.model.layers.3.self_attn.q_proj.weight', ['language_model', 'model']],
    ['_orig_mod.layers.3.self_attn.q_proj.base_layer.weight', []],
  ])('begins with its list of blocks: %s', (name, before) => {
    expect(namesInMemory(name)).toEqual([
      { name: 'layers.3.self_attn.q_proj', before, parameter: false },
    ]);
  });

  it('is all of it in no block', () => {
    expect(namesInMemory('lm_head.weight')).toEqual([
      { name: 'lm_head', before: [], parameter: false },
    ]);
    expect(names('weight')).toEqual(['weight']);
    const long = `${'a.'.repeat(2000)}weight`;
    expect(names(long)).toEqual([long.replace(/\.weight$/, '')]);
  });

  it.each([
    [
      'model.layers.0.mlp.experts.3.gate_proj.weight',
      'Qwen3MoeForCausalLM',
      'mlp.experts.gate_up_proj',
    ],
    [
      'model.layers.0.mlp.experts.*.up_proj.weight',
      'Qwen3MoeForCausalLM',
      'mlp.experts.gate_up_proj',
    ],
    [
      'model.layers.0.block_sparse_moe.experts.7.w2.weight',
      'MixtralForCausalLM',
      'mlp.experts.down_proj',
    ],
    [
      'model.layers.0.block_sparse_moe.experts.7.w3.weight',
      'MixtralForCausalLM',
      'mlp.experts.gate_up_proj',
    ],
    [
      'backbone.layers.0.mixer.experts.1.up_proj.weight',
      'NemotronHForCausalLM',
      'mixer.experts.up_proj',
    ],
    [
      'model.layers.0.block_sparse_moe.input_linear.weight[2]',
      'GraniteMoeForCausalLM',
      'block_sparse_moe.experts.gate_up_proj',
    ],
    ['model.layers.0.mlp.experts.gate_up_proj[2]', 'GptOssForCausalLM', 'mlp.experts.gate_up_proj'],
    [
      'model.layers.0.mlp.experts.gate_up_proj[gate][2]',
      'GptOssForCausalLM',
      'mlp.experts.gate_up_proj',
    ],
    // A stack in a module of its own.
    ['model.layers.0.mlp.input_linear.weight[2]', 'JetMoeForCausalLM', 'mlp.input_linear.weight'],
  ])('is that of the tensor of all experts: %s', (name, architecture, path) => {
    expect(namesInMemory(name, architecture)).toMatchObject([
      { name: `layers.0.${path}`, parameter: true },
    ]);
  });

  it('keeps experts that are modules of a dictionary', () => {
    expect(namesInMemory('encoder.block.1.layer.1.mlp.experts.expert_3.wi.weight')).toEqual([
      { name: 'block.1.layer.1.mlp.experts.expert_3.wi', before: ['encoder'], parameter: false },
    ]);
  });

  it('is changed in front of its list where the family does', () => {
    expect(
      namesInMemory(
        'model.encoder.layers.2.mlp.up_proj.weight',
        'T5Gemma2ForConditionalGeneration',
      ),
    ).toEqual([
      {
        name: 'layers.2.mlp.up_proj',
        before: ['model', 'encoder', 'text_model'],
        parameter: false,
      },
    ]);
  });

  it('is that of modules where a parameter becomes them', () => {
    const name = 'transformer.decoder.layers.0.self_attn.in_proj_weight';
    expect(namesInMemory(name, 'RfDetrModel')).toEqual(
      ['q', 'k', 'v'].map((own) => ({
        name: `layers.0.self_attn.${own}_proj`,
        before: ['transformer', 'decoder'],
        parameter: false,
      })),
    );
  });

  it.each([
    ['encoder.layer.1.attention.attention.query.weight', 'ViTModel', ['layers.1.attention.q_proj']],
    [
      'vit.encoder.layer.1.attention.output.dense.weight',
      'ViTForImageClassification',
      ['layers.1.attention.o_proj'],
    ],
    ['encoder.layer.1.output.dense.weight', 'ViTModel', ['layers.1.mlp.fc2']],
    ['encoder.layer.1.output.dense.weight', 'BertModel', ['layer.1.output.dense']],
    [
      'segformer.encoder.block.1.2.attention.self.query.weight',
      'SegformerModel',
      ['stages.1.blocks.2.attention.q_proj'],
    ],
    ['transformer.h.12.mlp.c_fc_0.weight', 'ExaoneForCausalLM', ['layers.12.mlp.gate_proj']],
    [
      'encoder.layer.1.mlp.weights_in.weight',
      'Dinov2Model',
      ['layer.1.mlp.gate_proj', 'layer.1.mlp.up_proj'],
    ],
    ['encoder.encoder.0.layers.1.fc1.weight', 'RTDetrModel', ['aifi.0.layers.1.mlp.fc1']],
    [
      'encoder.encoder.layer.3.output.dense.weight',
      'VisionEncoderDecoderModel',
      ['layers.3.mlp.fc2'],
    ],
    [
      'decoder.bert.encoder.layer.3.output.dense.weight',
      'VisionEncoderDecoderModel',
      ['layer.3.output.dense'],
    ],
    [
      'text_backbone.encoder.layer.0.attention.self.query.weight',
      'GroundingDinoModel',
      ['layer.0.attention.self.query'],
    ],
    [
      'model.layers.1.moe.up_proj.weight[3]',
      'Step3p7ForConditionalGeneration',
      ['layers.1.mlp.experts.gate_up_proj'],
    ],
  ])('is renamed as its family is: %s of %s', (name, architecture, expected) => {
    expect(names(name, architecture)).toEqual(expected);
  });
});
