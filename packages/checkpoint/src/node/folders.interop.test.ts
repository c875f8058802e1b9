/** Folders that Python's programs write, and that they read: the tensors are the same, by name and value. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from './index.js';

const folder = temporaryFolder('folders');

/** Writes what a folder holds as Python reads it: names and shapes, then the values as float64. */
const values = `
import json, os, torch
torch.manual_seed(0)
def values(name, tensors):
    with open(name + '.values', 'wb') as f:
        for tensor in tensors.values(): f.write(tensor.detach().double().contiguous().numpy().tobytes())
    json.dump([[k, list(v.shape)] for k, v in tensors.items()], open(name + '.json', 'w'))
`;

async function expectEqual(opened: string, read: string, notes: readonly string[] = []) {
  const checkpoint = await openCheckpoint(join(folder, opened));
  expect(checkpoint.notes).toEqual(notes);
  const shapes = JSON.parse(await readFile(join(folder, `${read}.json`), 'utf8')) as [
    string,
    number[],
  ][];
  const { buffer } = new Uint8Array(await readFile(join(folder, `${read}.values`)));
  const all = new Float64Array(buffer);
  const tensors = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  expect([...tensors.keys()].sort()).toEqual(shapes.map(([name]) => name).sort());
  let at = 0;
  for (const [name, shape] of shapes) {
    const { shape: own, read: readValues } = tensors.get(name)!;
    expect([name, own]).toEqual([name, shape]);
    const length = shape.reduce((a, b) => a * b, 1);
    expect([...(await readValues())]).toEqual([...all.subarray(at, at + length)]);
    at += length;
  }
  await checkpoint.close();
  return checkpoint;
}

describeUnless(pythonLacks('torch', 'transformers', 'safetensors'), 'folders of Python', () => {
  beforeAll(() => {
    runPython(
      `${values}
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
config = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, vocab_size=32, tie_word_embeddings=True)
model = LlamaForCausalLM(config)

def folder(name):
    model.save_pretrained(name, max_shard_size='6KB')
    index = json.load(open(name + '/model.safetensors.index.json'))
    return index, index['weight_map']
def finish(name, index):
    json.dump(index, open(name + '/model.safetensors.index.json', 'w'))
    state = AutoModelForCausalLM.from_pretrained(name).state_dict()
    values(name, {k: v for k, v in state.items() if k != 'lm_head.weight'})

# The head that is tied, though no shard holds it.
index, where = folder('tied')
where['lm_head.weight'] = next(iter(where.values()))
finish('tied', index)

# A tensor in each of two shards, and one that the index does not list.
index, where = folder('twice')
(norm,) = [name for name in where if name == 'model.norm.weight']
value = load_file('twice/' + where[norm])[norm]
(other,) = sorted(set(where.values()) - {where[norm]})[:1]
save_file({**load_file('twice/' + other), norm: value}, 'twice/' + other, metadata={'format': 'pt'})
del where['model.layers.0.input_layernorm.weight']
finish('twice', index)

# A key twice in the configuration, of which the last is the model's.
index, where = folder('keys')
text = open('keys/config.json').read()
open('keys/config.json', 'w').write(text.replace('{', '{"hidden_size": 99,', 1))
finish('keys', index)

model.save_pretrained('variant', max_shard_size='6KB', variant='fp16')
values('variant', {k: v for k, v in AutoModelForCausalLM.from_pretrained('variant', variant='fp16').state_dict().items()
    if k != 'lm_head.weight'})
`,
      { cwd: folder },
    );
  });

  const index = 'model.safetensors.index.json';
  it.each<[string, string[]]>([
    [
      'tied',
      [`${index} lists "lm_head.weight", which no file holds: the head is tied to the embedding`],
    ],
    [
      'twice',
      [
        'several files hold "model.norm.weight", with the same values: each counts once',
        `${index} does not list "model.layers.0.input_layernorm.weight", which its files hold`,
      ],
    ],
    [
      'keys',
      ['config.json: the name "hidden_size" appears twice; the last one counts, as in Python'],
    ],
    ['variant', []],
  ])('that transformers reads: %s', async (name, notes) => {
    const { config } = await expectEqual(name, name, notes);
    expect(config?.['hidden_size']).toBe(16);
  });
});

describeUnless(pythonLacks('torch'), 'the pieces that a process each had', () => {
  it.each([1, 0])('are joined as torch.cat does, the embedding along axis %i', async (axis) => {
    const name = `pieces-${axis}`;
    runPython(
      `${values}
import math
def noise(*shape): return torch.randn(shape).bfloat16()
shapes = {'tok_embeddings.weight': (40, 32), 'norm.weight': (32,), 'output.weight': (40, 32)}
for i in range(2):
    at = f'layers.{i}.'
    for n, s in dict(wq=(32, 32), wk=(16, 32), wv=(16, 32), wo=(32, 32)).items(): shapes[at + f'attention.{n}.weight'] = s
    for n, s in dict(w1=(48, 32), w2=(32, 48), w3=(48, 32)).items(): shapes[at + f'feed_forward.{n}.weight'] = s
    for n in ('attention_norm', 'ffn_norm'): shapes[at + n + '.weight'] = (32,)
whole = {name: noise(*shape) for name, shape in shapes.items()}
def axis(name):
    module = name.split('.')[-2]
    return {'wo': 1, 'w2': 1, 'tok_embeddings': ${axis}}.get(module, 0)
os.makedirs('${name}')
for i in range(4):
    piece = {k: v if v.ndim == 1 else v.chunk(4, dim=axis(k))[i].clone() for k, v in whole.items()}
    torch.save(piece, '${name}/consolidated.%02d.pth' % i)
json.dump({'dim': 32, 'n_layers': 2, 'n_heads': 8, 'n_kv_heads': 4}, open('${name}/params.json', 'w'))
pieces = [torch.load('${name}/consolidated.%02d.pth' % i) for i in range(4)]
values('${name}', {k: v if v.ndim == 1 else torch.cat([p[k] for p in pieces], dim=axis(k)) for k, v in whole.items()})
`,
      { cwd: folder },
    );
    const { blocks, config } = await expectEqual(name, name);
    expect([blocks, config?.['num_key_value_heads']]).toEqual([2, 4]);
  });
});

describeUnless(pythonLacks('torch', 'weightwatcher'), 'flat files of WeightWatcher', () => {
  it('are the model that was extracted', async () => {
    const written = runPython(
      `${values}
import contextlib, io, sys
with contextlib.redirect_stdout(io.StringIO()):
    import weightwatcher
state = {}
for i in range(2):
    for n in ('q_proj', 'o_proj'): state[f'model.layers.{i}.self_attn.{n}.weight'] = torch.randn(12, 20)
    state[f'model.layers.{i}.self_attn.q_proj.bias'] = torch.randn(12)
os.makedirs('extracted')
torch.save(state, 'extracted/pytorch_model.bin')
values('flat', state)
with contextlib.redirect_stdout(io.StringIO()):
    config = weightwatcher.WeightWatcher.extract_pytorch_bins('extracted', 'llama', tmp_dir='.', format='pytorch')
print(config['weights_dir'])
`,
      { cwd: folder },
    );
    const { blocks } = await expectEqual(written.trim().split('\n').at(-1)!, 'flat');
    expect(blocks).toBe(2);
  });
});
