/**
 * Converted adapters as other programs read them: PEFT has the same answers on a trained model, and the Python
 * package gguf the same updates, with the rows where llama.cpp has those of the model.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { openAdapter, openCheckpoint } from '../node/index.js';
import { type AdapterTarget, convertAdapter } from './convert.js';

const model = 'data/stories260K';
const folder = temporaryFolder('convert-adapter');

const program = `
import copy, gguf, json, os, numpy as np, torch, warnings
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel
warnings.simplefilter('ignore')
tokens = torch.tensor([[1, 40, 77, 120, 33, 250, 261]])
roles = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']
cases = {
    'plain': dict(target_modules=roles, r=4, lora_alpha=6),
    'patterns': dict(target_modules=['q_proj', 'k_proj', 'down_proj'], r=4, lora_alpha=6,
        rank_pattern={'layers.0.self_attn.q_proj': 6}, alpha_pattern={'layers.1.self_attn.k_proj': 5}),
    'rslora': dict(target_modules=['q_proj', 'k_proj'], r=3, lora_alpha=6, use_rslora=True),
    'halves': dict(target_modules=['q_proj', 'k_proj'], r=4, lora_alpha=8),
    'gpt2': dict(target_modules=['c_attn', 'c_proj'], r=4, fan_in_fan_out=True),
}
def base(name):
    if name != 'gpt2': return AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=300, n_positions=16, n_embd=16, n_layer=2, n_head=2)).eval()

def prepare(name):
    torch.manual_seed(1)
    whole = base(name)
    if name == 'gpt2': whole.save_pretrained('gpt2-base')
    adapted = get_peft_model(whole, LoraConfig(task_type='CAUSAL_LM', **cases[name]))
    for key, value in adapted.named_parameters():
        if value.requires_grad:
            torch.nn.init.normal_(value, std=0.2)
            if name == 'halves': value.data = value.data.half()
    adapted.save_pretrained(name)

def compare(name, back):
    """The answers of both, and whether their factors are the same bits."""
    answers = [PeftModel.from_pretrained(base(name), each).eval()(tokens).logits for each in (name, back)]
    plain = base(name)(tokens).logits
    one, two = (load_file(each + '/adapter_model.safetensors') for each in (name, back))
    same = sorted(one) == sorted(two) and all(torch.equal(one[k], two[k]) and one[k].dtype == two[k].dtype for k in one)
    return {'logits': (answers[0] - answers[1]).abs().max().item(),
            'effect': (answers[0] - plain).abs().max().item(), 'same': same}

def permuted(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

def read(name, path):
    """Of the GGUF file: the difference of each update to PEFT's, permuted as llama.cpp permutes the weight."""
    reader = gguf.GGUFReader(path)
    field = lambda key: reader.fields[key].contents()
    alpha = field('adapter.lora.alpha')
    found = {t.name: t for t in reader.tensors}
    peft = PeftModel.from_pretrained(base(name), name)
    config = peft.base_model.model.config
    arch = gguf.MODEL_ARCH.GPT2 if name == 'gpt2' else gguf.MODEL_ARCH.LLAMA
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    worst, count = 0.0, 0
    for module, layer in peft.base_model.model.named_modules():
        if not hasattr(layer, 'lora_A') or not layer.lora_A: continue
        delta = layer.scaling['default'] * (layer.lora_B['default'].weight.double() @ layer.lora_A['default'].weight.double())
        delta = delta.detach().numpy()
        if module.endswith('q_proj'): delta = permuted(delta, config.num_attention_heads)
        if module.endswith('k_proj'): delta = permuted(delta, config.num_key_value_heads)
        key = names.get_name(module + '.weight', try_suffixes=('.weight',))
        a, b = (found[key + end].data.astype('f8') for end in ('.lora_a', '.lora_b'))
        worst = max(worst, float(np.abs(alpha / a.shape[0] * (b @ a) - delta).max() / np.abs(delta).max()))
        count += 1
    types = sorted({t.tensor_type.name for t in reader.tensors})
    return {'worst': worst, 'complete': count == len(found) / 2, 'alpha': alpha, 'types': types,
            'said': [field('general.type'), field('adapter.type'), field('general.architecture')]}

def foreign():
    """As llama.cpp writes files: no numbers of heads; quantized, and with a norm, as mergekit extracts them."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s).astype('f4') * .1 for s in ((32, 64), (64, 32)))
    kind = gguf.GGMLQuantizationType.Q8_0
    q = lambda values: gguf.quants.quantize(np.ascontiguousarray(values), kind)
    w = gguf.GGUFWriter('foreign.gguf', 'llama')
    w.add_type('adapter'); w.add_string('adapter.type', 'lora'); w.add_float32('adapter.lora.alpha', 16.0)
    w.add_tensor('blk.0.attn_q.weight.lora_a', q(a), raw_dtype=kind)
    w.add_tensor('blk.0.attn_q.weight.lora_b', q(permuted(b, 8)), raw_dtype=kind)
    norm = rng.standard_normal(64).astype('f4')
    w.add_tensor('blk.0.attn_norm.weight', norm)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    whole = base('foreign')
    layer = whole.model.layers[0]
    delta = gguf.quants.dequantize(q(b), kind) @ gguf.quants.dequantize(q(a), kind)
    layer.self_attn.q_proj.weight.data += torch.tensor(16 / 32 * delta)
    layer.input_layernorm.weight.data = torch.tensor(norm)
    whole.save_pretrained('foreign-whole')

def foreign_answers(converted):
    whole = AutoModelForCausalLM.from_pretrained('foreign-whole', dtype=torch.float32).eval()
    found = PeftModel.from_pretrained(base('foreign'), converted).eval()(tokens).logits
    return {'worst': (found - whole(tokens).logits).abs().max().item(),
            'effect': (found - base('foreign')(tokens).logits).abs().max().item()}

class Images(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.mid_block = torch.nn.ModuleDict({'attentions': torch.nn.ModuleList([torch.nn.ModuleDict({
            'proj_in': torch.nn.Conv2d(4, 6, 3, padding=1), 'to_q': torch.nn.Linear(6, 5)})])})
    def forward(self, x):
        layers = self.mid_block['attentions'][0]
        return layers['to_q'](layers['proj_in'](x).movedim(1, -1))

def kohya():
    os.makedirs('images', exist_ok=True)
    model = Images()
    save_file(model.state_dict(), 'images/model.safetensors')
    stem = 'lora_unet_mid_block_attentions_0_'
    save_file({
        stem + 'proj_in.lora_down.weight': torch.randn(2, 4, 3, 3), stem + 'proj_in.lora_up.weight': torch.randn(6, 2, 1, 1),
        stem + 'proj_in.alpha': torch.tensor(1.0),
        stem + 'to_q.lora_down.weight': torch.randn(3, 6), stem + 'to_q.lora_up.weight': torch.randn(5, 3),
        stem + 'to_q.alpha': torch.tensor(6.0)}, 'kohya.safetensors')

def images(converted):
    """PEFT's answers, and those of weights that the updates are added to here."""
    x = torch.randn(1, 4, 8, 8)
    f = load_file('kohya.safetensors')
    stem = 'lora_unet_mid_block_attentions_0_'
    merged = Images()
    layers = merged.mid_block['attentions'][0]
    up, down = f[stem + 'proj_in.lora_up.weight'], f[stem + 'proj_in.lora_down.weight']
    layers['proj_in'].weight.data += 0.5 * torch.einsum('or,rikl->oikl', up[:, :, 0, 0], down)
    layers['to_q'].weight.data += 2 * f[stem + 'to_q.lora_up.weight'] @ f[stem + 'to_q.lora_down.weight']
    found = PeftModel.from_pretrained(Images(), converted).eval()(x)
    return {'worst': (found - merged(x)).abs().max().item(), 'effect': (found - Images()(x)).abs().max().item()}

def answer(question):
    os.chdir(ROOT)
    return globals()[question[0]](*question[1:])
`;

describeUnless(
  sharedLacks(model) ?? pythonLacks('torch', 'transformers', 'peft>=0.15', 'gguf', 'safetensors'),
  'PEFT and gguf',
  () => {
    const ask = startPython<string[], unknown>(
      program
        .replace('ROOT', JSON.stringify(folder))
        .replace('MODEL', JSON.stringify(shared(model))),
    );
    const at = (name: string): string => join(folder, name);

    async function convert(from: string, to: AdapterTarget, output: string, base?: string) {
      const adapter = await openAdapter(at(from));
      const opened = base === undefined ? undefined : await openCheckpoint(base);
      const given = { to, ...(opened && { base: opened }) };
      const { files, notes } = await convertAdapter(adapter, given).finally(async () => {
        await adapter.close();
        await opened?.close();
      });
      if (to !== 'gguf') mkdirSync(at(output));
      for (const [name, pieces] of Object.entries(files)) {
        writeFileSync(to === 'gguf' ? at(output) : join(at(output), name), Buffer.concat(pieces));
      }
      return notes;
    }

    it.each([
      ['plain', 6, ['F32'], []],
      ['halves', 8, ['F16'], []],
      ['rslora', 6 * Math.sqrt(3), ['F32'], [/^alpha is rounded to float32/]],
      ['patterns', 6, ['F32'], [/the scales of 1 of 15 modules are others/]],
      ['gpt2', 8, ['F32'], []],
    ] as const)('%s goes to GGUF and back', async (name, alpha, types, notes) => {
      await ask(['prepare', name]);
      const base = name === 'gpt2' ? at('gpt2-base') : shared(model);
      const said = await convert(name, 'gguf', `${name}.gguf`, base);
      expect(said).toEqual(notes.map((note) => expect.stringMatching(note)));
      const read = (await ask(['read', name, `${name}.gguf`])) as Record<string, number>;
      expect(read).toMatchObject({ complete: true, types });
      expect(read['said']).toEqual(['adapter', 'lora', name === 'gpt2' ? 'gpt2' : 'llama']);
      expect(read['alpha']).toBeCloseTo(alpha, 5);
      expect(read['worst']).toBeLessThan(1e-6);
      expect(await convert(`${name}.gguf`, 'peft', `${name}-back`)).toEqual([]);
      const found = (await ask(['compare', name, `${name}-back`])) as Record<string, number>;
      // Where a scale was multiplied in, B is another.
      expect(found['same']).toBe(name !== 'patterns');
      expect(found['effect']).toBeGreaterThan(1e-3);
      expect(found['logits']! / found['effect']!).toBeLessThan(1e-5);
    });

    it('gives PEFT a quantized adapter without heads, and the norm that it holds', async () => {
      await ask(['foreign']);
      expect(await convert('foreign.gguf', 'peft', 'foreign', shared(model))).toEqual([
        'factors of Q8_0 are written in F32',
      ]);
      const found = (await ask(['foreign_answers', 'foreign'])) as Record<string, number>;
      expect(found['effect']).toBeGreaterThan(1);
      expect(found['worst']).toBeLessThan(1e-4);
    });

    it('gives adapters of kohya the names of their model', async () => {
      await ask(['kohya']);
      await expect(convert('kohya.safetensors', 'peft', 'unnamed')).rejects.toThrow(/--base/);
      await convert('kohya.safetensors', 'peft', 'of-images', at('images'));
      const found = (await ask(['images', 'of-images'])) as Record<string, number>;
      expect(found['effect']).toBeGreaterThan(1);
      expect(found['worst']).toBeLessThan(1e-4);
    });

    it('PEFT reads an adapter of alphalora as it was', async () => {
      await convert('patterns', 'alphalora', 'own');
      expect(await ask(['compare', 'patterns', 'own'])).toMatchObject({ same: true, logits: 0 });
      await convert('own', 'peft', 'own-peft');
      expect(await ask(['compare', 'patterns', 'own-peft'])).toMatchObject({
        same: true,
        logits: 0,
      });
    });
  },
);
