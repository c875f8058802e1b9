/**
 * GGUF files that Python's package `gguf` writes and reads: for each family, the names of the original by
 * the package's own table, and its values, which the program changes as convert_hf_to_gguf.py does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { pythonLacks, runPython, runPythonForBytes } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { openCheckpoint } from '../../node/index.js';

const layers = (names: Record<string, number[]>) =>
  Object.fromEntries(
    Object.entries(names).map(([name, shape]) => [`model.layers.0.${name}.weight`, shape]),
  );
const attention = {
  'self_attn.q_proj': [64, 32],
  'self_attn.k_proj': [32, 32],
  'self_attn.v_proj': [32, 32],
  'self_attn.o_proj': [32, 64],
};
const gated = { 'mlp.gate_proj': [96, 32], 'mlp.up_proj': [96, 32], 'mlp.down_proj': [32, 96] };
const llama = {
  ...layers({ ...attention, ...gated, input_layernorm: [32], post_attention_layernorm: [32] }),
  'model.embed_tokens.weight': [50, 32],
  'model.norm.weight': [32],
};
const normed = { ...llama, ...layers({ 'self_attn.q_norm': [16], 'self_attn.k_norm': [16] }) };
const fourNorms = layers({ pre_feedforward_layernorm: [32], post_feedforward_layernorm: [32] });
const { 'mlp.gate_proj': _, 'mlp.up_proj': __, ...ungated } = gated;

/** Of each family, weights by their names in transformers. Four heads of 16, two for keys. */
const families: Readonly<Record<string, Readonly<Record<string, number[]>>>> = {
  llama,
  qwen2: { ...llama, 'lm_head.weight': [50, 32], 'model.layers.0.self_attn.q_proj.bias': [64] },
  qwen3: normed,
  gemma: llama,
  gemma2: { ...llama, ...fourNorms },
  gemma3: { ...normed, ...fourNorms },
  olmo: layers({ ...attention, ...gated }),
  starcoder2: layers({ ...attention, 'mlp.c_fc': [96, 32], 'mlp.c_proj': [32, 96] }),
  phi3: layers({ 'self_attn.qkv_proj': [128, 32], 'mlp.gate_up_proj': [192, 32], ...ungated }),
  qwen2moe: layers({
    ...attention,
    'mlp.gate': [4, 32],
    'mlp.shared_expert.gate_proj': [96, 32],
    'mlp.shared_expert.down_proj': [32, 96],
  }),
  deepseek2: layers({
    'self_attn.q_a_proj': [32, 32],
    'self_attn.kv_a_proj_with_mqa': [32, 32],
    'mlp.shared_experts.up_proj': [96, 32],
  }),
  gpt2: {
    'transformer.wte.weight': [50, 32],
    'transformer.wpe.weight': [20, 32],
    'transformer.h.0.attn.c_attn.weight': [96, 32],
    'transformer.h.0.attn.c_proj.weight': [32, 32],
    'transformer.h.0.mlp.c_fc.weight': [96, 32],
    'transformer.h.0.mlp.c_proj.weight': [32, 96],
    'transformer.h.0.ln_1.weight': [32],
    'transformer.h.0.ln_2.bias': [32],
  },
  falcon: {
    'transformer.word_embeddings.weight': [50, 32],
    'transformer.h.0.self_attention.query_key_value.weight': [128, 32],
    'transformer.h.0.self_attention.dense.weight': [32, 64],
    'transformer.h.0.mlp.dense_h_to_4h.weight': [96, 32],
    'transformer.h.0.input_layernorm.weight': [32],
  },
  bloom: {
    'transformer.word_embeddings.weight': [50, 32],
    'transformer.h.0.self_attention.query_key_value.weight': [192, 32],
    'transformer.h.0.self_attention.query_key_value.bias': [192],
    'transformer.h.0.self_attention.dense.weight': [32, 64],
    'transformer.h.0.mlp.dense_h_to_4h.weight': [96, 32],
    'transformer.h.0.input_layernorm.bias': [32],
  },
  gptneox: {
    'gpt_neox.embed_in.weight': [50, 32],
    'embed_out.weight': [50, 32],
    'gpt_neox.layers.0.attention.query_key_value.weight': [192, 32],
    'gpt_neox.layers.0.attention.query_key_value.bias': [192],
    'gpt_neox.layers.0.attention.dense.weight': [32, 64],
    'gpt_neox.layers.0.mlp.dense_4h_to_h.weight': [32, 96],
    'gpt_neox.layers.0.post_attention_layernorm.bias': [32],
  },
  mpt: {
    'transformer.wte.weight': [50, 32],
    'transformer.blocks.0.attn.Wqkv.weight': [192, 32],
    'transformer.blocks.0.attn.out_proj.weight': [32, 64],
    'transformer.blocks.0.ffn.up_proj.weight': [96, 32],
  },
  t5: {
    'shared.weight': [50, 32],
    'encoder.block.0.layer.0.SelfAttention.q.weight': [64, 32],
    'encoder.block.0.layer.1.DenseReluDense.wi_1.weight': [96, 32],
    'decoder.block.0.layer.1.EncDecAttention.k.weight': [64, 32],
    'decoder.block.0.layer.2.DenseReluDense.wo.weight': [32, 96],
    'decoder.final_layer_norm.weight': [32],
  },
  bert: {
    'embeddings.word_embeddings.weight': [50, 32],
    'embeddings.LayerNorm.weight': [32],
    'encoder.layer.0.attention.self.query.weight': [64, 32],
    'encoder.layer.0.attention.output.dense.weight': [32, 64],
    'encoder.layer.0.intermediate.dense.weight': [96, 32],
    'encoder.layer.0.output.dense.weight': [32, 96],
    'encoder.layer.0.output.LayerNorm.weight': [32],
  },
};

const write = `
import json, sys, gguf, numpy
architecture, path, weights, kind = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
heads, keys, size = 4, 4 if sys.argv[1] in ('bloom', 'gptneox') else 2, 16
arch = {name: key for key, name in gguf.MODEL_ARCH_NAMES.items()}[architecture]
names = gguf.get_tensor_name_map(arch, 1)
writer = gguf.GGUFWriter(path, architecture)
writer.add_head_count(heads)
writer.add_head_count_kv(keys)
random = numpy.random.default_rng(7)
type = gguf.GGMLQuantizationType[kind]

def permute(w, n):
    return w.reshape(n, 2, w.shape[0] // n // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

def converted(name, w):
    if architecture in ('llama', 'olmo'):
        if '.q_proj.' in name: return permute(w, heads)
        if '.k_proj.' in name: return permute(w, keys)
    if architecture.startswith('gemma') and 'norm' in name: return w + numpy.float32(1)
    if architecture in ('bloom', 'gptneox') and 'query_key_value' in name:
        qkv = w.reshape(heads, 3, size, *w.shape[1:])
        return numpy.concatenate([qkv[:, part].reshape(heads * size, *w.shape[1:]) for part in range(3)])
    if architecture == 'falcon' and 'query_key_value' in name:
        qkv = w.reshape(keys, heads // keys + 2, size, -1)
        q, k, v = qkv[:, :-2], qkv[:, [-2]], qkv[:, [-1]]
        return numpy.concatenate([part.reshape(-1, w.shape[1]) for part in (q, k, v)])
    return w

values = []
for name, shape in weights.items():
    w = random.standard_normal(shape, numpy.float32)
    if len(shape) > 1:
        # What is left of it in the file, of which each row is quantized by itself.
        w = gguf.dequantize(gguf.quantize(w, type), type)
    elif architecture.startswith('gemma'):
        w = (w + numpy.float32(1)) - numpy.float32(1)
    values.append(w.ravel())
    stored = numpy.ascontiguousarray(converted(name, w))
    own = names.get_name(name, try_suffixes=('.weight', '.bias'))
    if len(shape) > 1: writer.add_tensor(own, gguf.quantize(stored, type), raw_dtype=type)
    else: writer.add_tensor(own, stored)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
sys.stdout.buffer.write(numpy.concatenate(values).astype('<f4').tobytes())
`;

const folder = temporaryFolder('gguf-python');

describeUnless(pythonLacks('gguf', 'numpy'), 'files that Python writes', () => {
  const cases = Object.keys(families).flatMap((family) => [
    [family, 'F32'],
    [family, 'Q8_0'],
  ]);
  it.each(cases)('%s in %s', async (family, kind) => {
    const weights = families[family]!;
    const path = join(folder, `${family}-${kind}.gguf`);
    const args = [family, path, JSON.stringify(weights), kind];
    const bytes = new Uint8Array(runPythonForBytes(write, { args }));
    const expected = new Float32Array(bytes.buffer);
    const { tensors, close } = await openCheckpoint(path);
    let at = 0;
    for (const [name, shape] of Object.entries(weights)) {
      const tensor = tensors.find((each) => each.name === name);
      expect(tensor?.shape, name).toEqual(shape);
      const values = await tensor!.read();
      const own = expected.subarray(at, at + values.length);
      expect(
        values.findIndex((value, i) => !Object.is(value, own[i])),
        name,
      ).toBe(-1);
      at += values.length;
    }
    expect(tensors).toHaveLength(Object.keys(weights).length);
    await close();
  });
});

describeUnless(pythonLacks('gguf', 'numpy') ?? smolLm2Lacks, 'SmolLM2', () => {
  it('has the values that Python reads, bit for bit', { timeout: 120_000 }, async () => {
    const out = join(folder, 'values');
    const listed = runPython(
      `
import json, sys, gguf, numpy
def back(w, n): return w.reshape(n, w.shape[0] // n // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)
reader, found = gguf.GGUFReader(sys.argv[1]), []
with open(sys.argv[2], 'wb') as file:
    for tensor in reader.tensors:
        w = gguf.dequantize(tensor.data, tensor.tensor_type).astype('<f4')
        if 'attn_q.' in tensor.name: w = back(w, 9)
        if 'attn_k.' in tensor.name: w = back(w, 3)
        found.append([tensor.name, list(w.shape)])
        file.write(w.tobytes())
print(json.dumps(found))`,
      { args: [smolLm2, out] },
    );
    const { tensors, blocks, architecture, close } = await openCheckpoint(smolLm2);
    const shapes = (JSON.parse(listed) as Array<[string, number[]]>).map(([, shape]) => shape);
    expect(tensors.map(({ shape }) => shape)).toEqual(shapes);
    expect([blocks, architecture]).toEqual([30, 'LlamaForCausalLM']);
    const values = readFileSync(out);
    let at = 0;
    for (const { name, read } of tensors) {
      const own = await read();
      const bytes = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
      expect(values.subarray(at, at + bytes.length).equals(bytes), name).toBe(true);
      at += bytes.length;
    }
    expect(at).toBe(values.length);
    await close();
  });
});

const merging = `
import json, sys
from transformers.tokenization_utils_base import generate_merges
tokens, scores = json.load(sys.stdin)
vocabulary = {token: i for i, token in enumerate(tokens)}
print(json.dumps(generate_merges(vocabulary, dict(zip(tokens, scores)))))
`;

describeUnless(pythonLacks('transformers>=5'), "Python's transformers", () => {
  it('makes the same merges of scores', async () => {
    const { mergesOf } = await import('./merges.js');
    const letters = ['▁', 'a', 'b', 'c', '𝔸'];
    const pairs = letters.flatMap((a) => letters.map((b) => a + b));
    const triples = pairs.flatMap((a) => ['a', '▁', '𝔸'].map((b) => a + b));
    const tokens = [...new Set([...letters, ...pairs, ...triples, 'abca', 'aaaa'])];
    // Several of equal scores.
    const scores = tokens.map((_, i) => -((i * 7) % 23));
    const printed = runPython(merging, { input: JSON.stringify([tokens, scores]) });
    const own = mergesOf(tokens.map((token, i) => ({ token, score: scores[i]!, isPiece: true })));
    expect(own).toEqual(JSON.parse(printed));
  });

  it('cuts texts by the same expressions', async () => {
    const { preTokenizerOf } = await import('./pre-tokenizers.js');
    const printed = runPython(`
import json
from transformers.integrations.gguf import gguf_tokenizer_mapping as mapping
print(json.dumps(mapping.GGUF_PRE_TOKENIZER_SPLITS))`);
    const theirs = Object.entries(JSON.parse(printed) as Record<string, string>);
    const shared = theirs.filter(([name]) => preTokenizerOf(name));
    expect(shared.length).toBeGreaterThan(8);
    for (const [name, expression] of shared) {
      const { pretokenizers } = preTokenizerOf(name)!.preTokenizer as { pretokenizers: unknown[] };
      expect(pretokenizers[0], name).toMatchObject({ pattern: { Regex: expression } });
    }
  });
});
