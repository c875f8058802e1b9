/** A tiny Llama, Mixtral or Phi-3 with random weights and a tokenizer of single characters, as a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const characters = 'abcdefghijklmnopqrstuvwxyz0123456789 .,:>+-\n';
const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 24,
  intermediate_size: 32,
  num_hidden_layers: 3,
  vocab_size: 64,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};

const shapes: Record<string, number[]> = {
  'input_layernorm.weight': [24],
  'post_attention_layernorm.weight': [24],
  'self_attn.q_proj.weight': [24, 24],
  'self_attn.k_proj.weight': [12, 24],
  'self_attn.v_proj.weight': [12, 24],
  'self_attn.o_proj.weight': [24, 24],
  'mlp.gate_proj.weight': [32, 24],
  'mlp.up_proj.weight': [32, 24],
  'mlp.down_proj.weight': [24, 32],
};

const fusedShapes: Record<string, number[]> = {
  'input_layernorm.weight': [24],
  'post_attention_layernorm.weight': [24],
  'self_attn.qkv_proj.weight': [48, 24],
  'self_attn.o_proj.weight': [24, 24],
  'mlp.gate_up_proj.weight': [64, 24],
  'mlp.down_proj.weight': [24, 32],
};

export interface LanguageModelChanges {
  positions?: number;
  /** A tensor whose first value is NaN. */
  damaged?: string;
  /** Of a Mixtral: how many experts a block has, of which two compute. */
  experts?: number;
  /** A Phi-3, which has queries, keys and values in one projection, and gate and up in another. */
  fused?: boolean;
  /** A token of the tokenizer that the model has no embedding for. */
  foreign?: string;
}

export function writeLanguageModel(
  folder: string,
  {
    positions = config.max_position_embeddings,
    damaged,
    experts,
    fused = false,
    foreign,
  }: LanguageModelChanges = {},
): string {
  mkdirSync(folder, { recursive: true });
  let state = 7;
  const noise = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  const tensor = (name: string, shape: number[]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, () =>
      name.endsWith('norm.weight') ? 1 : 0.3 * noise(),
    );
    if (name === damaged) values[0] = Number.NaN;
    return { name, shape, values };
  };
  const tensors = [
    tensor('model.embed_tokens.weight', [config.vocab_size, config.hidden_size]),
    tensor('model.norm.weight', [config.hidden_size]),
  ];
  const own = experts ? shapesOfMixture(experts) : fused ? fusedShapes : shapes;
  for (let block = 0; block < config.num_hidden_layers; block++) {
    for (const [name, shape] of Object.entries(own)) {
      tensors.push(tensor(`model.layers.${block}.${name}`, shape));
    }
  }
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  write('model.safetensors', safetensors(tensors));
  const mixture = experts && {
    architectures: ['MixtralForCausalLM'],
    ...{ model_type: 'mixtral', num_local_experts: experts, num_experts_per_tok: 2 },
  };
  const phi = fused && { architectures: ['Phi3ForCausalLM'], model_type: 'phi3' };
  write(
    'config.json',
    JSON.stringify({ ...config, ...mixture, ...phi, max_position_embeddings: positions }),
  );
  write('tokenizer.json', JSON.stringify(tokenizer(foreign)));
  write('tokenizer_config.json', '{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true}');
  return folder;
}

function shapesOfMixture(experts: number): Record<string, number[]> {
  const all = Object.entries(shapes).filter(([name]) => !name.startsWith('mlp.'));
  const own = Array.from({ length: experts }, (_, expert): [string, number[]][] => {
    const name = `block_sparse_moe.experts.${expert}`;
    return [
      [`${name}.w1.weight`, [32, 24]],
      [`${name}.w2.weight`, [24, 32]],
      [`${name}.w3.weight`, [32, 24]],
    ];
  });
  return Object.fromEntries([
    ...all,
    ['block_sparse_moe.gate.weight', [experts, 24]],
    ...own.flat(),
  ]);
}

/** The format by its specification, as packages that read it are tested with this file too. */
export function safetensors(
  tensors: ReadonlyArray<{ name: string; shape: number[]; values: Float32Array }>,
): Buffer {
  let end = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const parts = tensors.map(({ values }) => Buffer.from(values.buffer));
  return Buffer.concat([length, header, ...parts]);
}

function tokenizer(foreign?: string) {
  const special = ['<unk>', '<s>', '</s>'];
  const vocab = Object.fromEntries([...special, ...characters].map((token, id) => [token, id]));
  return {
    version: '1.0',
    added_tokens: [
      ...special.map((content, id) => ({ id, content })),
      ...(foreign === undefined ? [] : [{ id: config.vocab_size, content: foreign }]),
    ].map((token) => ({
      ...token,
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: { type: 'Fuse' },
    model: { type: 'BPE', unk_token: '<unk>', fuse_unk: false, vocab, merges: [] },
  };
}
