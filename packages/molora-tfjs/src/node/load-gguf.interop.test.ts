/** A model in one GGUF file, as Python's package `gguf` writes it, is the model of its folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import type { TokenizerDescription } from '@alphalora/contracts/extensions';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { repository, shared, sharedLacks } from '@alphalora/testing/repository';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { logits } from '../decoder/forward.js';
import { generate } from '../decoder/generate.js';
import { createTokenizer } from '../decoder/tokenizer/tokenizer.js';
import { useBackend } from '../test-support/backend.js';
import { tokenizerCases } from '../test-support/tokenizer-cases.js';
import { loadModel, type Model } from './load.js';

const write = `
import json, sys, gguf, numpy
from safetensors.numpy import load_file
folder, path = sys.argv[1:]
config = json.load(open(folder + '/config.json'))
tokenizer = json.load(open(folder + '/tokenizer.json'))
heads, keys = config['num_attention_heads'], config['num_key_value_heads']
writer = gguf.GGUFWriter(path, 'llama')
writer.add_block_count(config['num_hidden_layers'])
writer.add_embedding_length(config['hidden_size'])
writer.add_feed_forward_length(config['intermediate_size'])
writer.add_context_length(config['max_position_embeddings'])
writer.add_head_count(heads)
writer.add_head_count_kv(keys)
writer.add_layer_norm_rms_eps(config['rms_norm_eps'])
writer.add_rope_freq_base(config.get('rope_theta', 10000.0))

# Of SentencePiece: scores fall with the order of merges.
tokens = sorted(tokenizer['model']['vocab'], key=tokenizer['model']['vocab'].get)
merges = [''.join(pair.split(' ') if isinstance(pair, str) else pair) for pair in tokenizer['model']['merges']]
scores = [-float(merges.index(token)) if token in merges else -1e6 for token in tokens]
special = {token['content'] for token in tokenizer['added_tokens']}
def kind(token): return 2 if token == '<unk>' else 3 if token in special else 6 if token.startswith('<0x') else 1
writer.add_tokenizer_model('llama')
writer.add_tokenizer_pre('default')
writer.add_token_list(tokens)
writer.add_token_scores(scores)
writer.add_token_types([kind(token) for token in tokens])
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)

def permute(w, n): return w.reshape(n, 2, w.shape[0] // n // 2, -1).swapaxes(1, 2).reshape(w.shape)
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config['num_hidden_layers'])
for name, w in load_file(folder + '/model.safetensors').items():
    w = w.astype(numpy.float32)
    if '.q_proj.' in name: w = permute(w, heads)
    if '.k_proj.' in name: w = permute(w, keys)
    writer.add_tensor(names.get_name(name, try_suffixes=('.weight',)), numpy.ascontiguousarray(w))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
`;

const lack = pythonLacks('gguf', 'numpy', 'safetensors');

beforeAll(() => useBackend('wasm'));

function lastLogits({ decoder }: Model, ids: number[]): number[] {
  return tf.tidy(() => {
    const input = tf.tensor2d([ids], [1, ids.length], 'int32');
    return logits(decoder, input).logits.arraySync()[0]!.at(-1)!;
  });
}

describeUnless(lack ?? sharedLacks('data'), 'stories260K in a GGUF file', () => {
  const folder = shared('data/stories260K');
  const file = join(temporaryFolder('gguf'), 'stories.gguf');
  let [whole, one]: Model[] = [];
  beforeAll(async () => {
    runPython(write, { args: [folder, file] });
    [whole, one] = [await loadModel(folder), await loadModel(file)];
  });

  it('encodes and decodes every text to the same', () => {
    const texts = [...tokenizerCases().strings, 'Once upon a time, there was a girl named Lily.'];
    const ids = texts.map((text) => whole!.tokenizer!.encode(text));
    expect(texts.map((text) => one!.tokenizer!.encode(text))).toEqual(ids);
    const texted = ids.map((run) => whole!.tokenizer!.decode(run));
    expect(ids.map((run) => one!.tokenizer!.decode(run))).toEqual(texted);
    expect(one!.tokenizer!.endToken).toBe(2);
  });

  it('computes the same, bit for bit', () => {
    const ids = whole!.tokenizer!.encode('Once upon a time');
    expect(lastLogits(one!, ids)).toEqual(lastLogits(whole!, ids));
  });
});

itUnless(
  smolLm2Lacks ?? pythonLacks('gguf', 'transformers>=5'),
  'SmolLM2 encodes texts as transformers does from the same file',
  async () => {
    const { tokenizer, config } = await described(smolLm2);
    const own = createTokenizer(tokenizer, config);
    const readme = readFileSync(join(repository, 'README.md'), 'utf8');
    const texts = [
      ...['<|im_start|>user\nHi 12345<|im_end|>', "Ünïcödé 漢字 🦙 don't 3.14", readme],
      ...readme.split('\n'),
    ];
    const printed = runPython(
      `
import json, os, sys
from transformers import AutoTokenizer
folder, file = os.path.split(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
print(json.dumps([tokenizer(text)['input_ids'] for text in json.load(sys.stdin)]))`,
      { args: [smolLm2], input: JSON.stringify(texts) },
    );
    expect(texts.map((text) => own.encode(text))).toEqual(JSON.parse(printed));
  },
  120_000,
);

async function described(path: string): Promise<TokenizerDescription> {
  const { tokenizer, close } = await openCheckpoint(path);
  await close();
  return tokenizer!();
}

itUnless(
  smolLm2Lacks,
  'SmolLM2 knows the capital of France, from its 4-bit file',
  async () => {
    const { decoder, tokenizer } = await loadModel(smolLm2);
    const prompt = tokenizer!.encode('The capital of France is');
    const [ids] = await generate(decoder, [prompt], { maxTokens: 2 });
    expect(tokenizer!.decode(ids!)).toBe(' Paris.');
    decoder.dispose();
  },
  120_000,
);
