/**
 * Adapters in each form, opened alone and added to their base: the values are those that the layers of the
 * program itself have, or, for kohya, whose program is none to import, those by which its layers act.
 */
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from '../../node/index.js';
import type { AdapterFormat } from '../adapter.js';

const folder = temporaryFolder('adapter-forms');

/** Each writes a base, an adapter and `merged.safetensors`: what the base becomes by the adapter. */
const common = `
import json, os, sys, torch
from safetensors.torch import save_file
torch.manual_seed(0)
def put(folder, name, tensors, **more):
    os.makedirs(folder, exist_ok=True)
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, folder + '/' + name, **more)
`;

/**
 * networks/lora.py of sd-scripts: forward is org_forward(x) + lora_up(lora_down(x)) * scale, where scale is
 * alpha / dim. The merged weight is found from what the layer answers to the unit vectors of its inputs.
 */
const kohya = `${common}
import torch.nn.functional as F
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn1 = nn.ModuleDict({'to_q': nn.Linear(12, 8, bias=False), 'to_out': nn.ModuleList([nn.Linear(8, 12, bias=False)])})
        self.ff = nn.ModuleDict({'net': nn.ModuleList([nn.ModuleDict({'proj': nn.Linear(12, 30, bias=False)})])})

class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(4, 12, 3, padding=1, bias=False)
        attention = nn.ModuleDict({'proj_in': nn.Conv2d(12, 12, 1, bias=False), 'transformer_blocks': nn.ModuleList([Block()])})
        resnet = nn.ModuleDict({'conv1': nn.Conv2d(12, 10, 3, padding=1, bias=False)})
        self.down_blocks = nn.ModuleList([nn.ModuleDict({'attentions': nn.ModuleList([attention]), 'resnets': nn.ModuleList([resnet])})])

unet = Unet().double()
base, adapter, merged = unet.state_dict(), {}, {}
for index, (name, module) in enumerate((n, m) for n, m in unet.named_modules() if isinstance(m, (nn.Linear, nn.Conv2d))):
    rank, key = 2 + index, 'lora_unet_' + name.replace('.', '_')
    weight = module.weight
    if isinstance(module, nn.Conv2d):
        k = module.kernel_size
        down = nn.Conv2d(module.in_channels, rank, k, padding=module.padding, bias=False).double()
        up = nn.Conv2d(rank, module.out_channels, 1, bias=False).double()
    else:
        down, up = nn.Linear(module.in_features, rank, bias=False).double(), nn.Linear(rank, module.out_features, bias=False).double()
    adapter[key + '.lora_down.weight'], adapter[key + '.lora_up.weight'] = down.weight.float(), up.weight.float()
    down.weight.data, up.weight.data = down.weight.float().double(), up.weight.float().double()
    alpha = 0.0 if index == 1 else 1.0 + index
    if index != 2: adapter[key + '.alpha'] = torch.tensor(alpha).half()
    scale = 1.0 if index in (1, 2) else alpha / rank
    act = lambda x: module(x) + up(down(x)) * scale
    if isinstance(module, nn.Conv2d):
        # One pixel in the middle shows the kernel, turned.
        size = k[0] + 2
        image = torch.zeros(module.in_channels, module.in_channels, size, size).double()
        for i in range(module.in_channels): image[i, i, size // 2, size // 2] = 1
        answer = act(image)
        middle, half = size // 2, k[0] // 2
        answer = answer[:, :, middle - half:middle + half + 1, middle - half:middle + half + 1]
        merged[name + '.weight'] = answer.flip(2, 3).permute(1, 0, 2, 3)
    else:
        merged[name + '.weight'] = act(torch.eye(module.in_features).double()).T
encoder = 'lora_te_text_model_encoder_layers_0_self_attn_q_proj'
adapter |= {encoder + '.lora_down.weight': torch.randn(2, 5), encoder + '.lora_up.weight': torch.randn(7, 2), encoder + '.alpha': torch.tensor(2.)}
put('kohya', 'base.safetensors', {k: v.float() for k, v in base.items()})
put('kohya', 'my_lora.safetensors', adapter, metadata={'ss_network_module': 'networks.lora'})
put('kohya', 'merged.safetensors', merged)
`;

const peft = `${common}
import peft
from torch import nn
model = nn.ModuleDict({'blocks': nn.ModuleList([nn.ModuleDict({'conv': nn.Conv2d(6, 9, 3, bias=False), 'point': nn.Conv2d(5, 4, 1, bias=False), 'fc': nn.Linear(7, 3, bias=False)})])})
put('peft', 'base.safetensors', model.state_dict())
class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = model['blocks']
adapted = peft.get_peft_model(Wrapped(), peft.LoraConfig(r=3, lora_alpha=5, target_modules=['conv', 'point', 'fc'], init_lora_weights=False, rank_pattern={'fc': 2}))
adapted.save_pretrained('peft/lora')
merged = adapted.merge_and_unload()
put('peft', 'merged.safetensors', {k: v.double() for k, v in merged.state_dict().items()})
`;

const diffusers = `${common}
from diffusers import UNet2DConditionModel
from peft import LoraConfig
def unet():
    torch.manual_seed(0)
    return UNet2DConditionModel(sample_size=8, block_out_channels=(8, 16), layers_per_block=1, cross_attention_dim=12,
        down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'), up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'), attention_head_dim=4, norm_num_groups=4)
config = dict(init_lora_weights=False, target_modules=['to_q', 'to_k', 'to_out.0', 'conv1', 'proj_in'])
for name, settings in {'model': dict(r=3, lora_alpha=7, alpha_pattern={'to_k': 2}), 'pipeline': dict(r=2, lora_alpha=2)}.items():
    model = unet()
    put(name, 'base.safetensors', model.state_dict())
    torch.manual_seed(1)
    model.add_adapter(LoraConfig(**config, **settings))
    if name == 'model': model.save_lora_adapter(name)
    else:
        from peft.utils import get_peft_model_state_dict
        from diffusers.loaders import StableDiffusionLoraLoaderMixin
        StableDiffusionLoraLoaderMixin.save_lora_weights(name, unet_lora_layers=get_peft_model_state_dict(model))
    model.fuse_lora()
    model.unload_lora()
    put(name, 'merged.safetensors', {k: v.double() for k, v in model.state_dict().items()})
`;

const mlx = `${common}
import numpy, mlx.core as mx, mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.tuner.lora import LoRAEmbedding, LoRALinear
mx.random.seed(0)
base, merged, adapter = {}, {}, {}
for name, layer, lora in [
    ('model.layers.0.self_attn.q_proj', nn.Linear(12, 8, bias=False), LoRALinear),
    ('model.layers.0.mlp.down_proj', nn.Linear(6, 6, bias=False), LoRALinear),
    ('model.embed_tokens', nn.Embedding(15, 4), LoRAEmbedding)]:
    module = lora.from_base(layer, r=3, scale=10.0)
    module.lora_b = mx.random.normal(module.lora_b.shape)
    base[name + '.weight'] = torch.tensor(numpy.array(layer.weight))
    adapter |= {name + '.lora_a': module.lora_a, name + '.lora_b': module.lora_b}
    merged[name + '.weight'] = torch.tensor(numpy.array(module.fuse().weight)).double()
os.makedirs('mlx/lora')
put('mlx', 'base.safetensors', base)
mx.save_safetensors('mlx/lora/adapters.safetensors', adapter)
mx.save_safetensors('mlx/lora/0000100_adapters.safetensors', adapter)
json.dump({'fine_tune_type': 'lora', 'model': 'org/base', 'num_layers': 1, 'lora_parameters': {'rank': 3, 'scale': 10.0, 'dropout': 0.0}}, open('mlx/lora/adapter_config.json', 'w'))
put('mlx', 'merged.safetensors', merged)
`;

interface Case {
  format: AdapterFormat;
  program: string;
  packages: string[];
  /** Folders that the program writes, and the adapter in each. */
  written: Record<string, string>;
  unmatched?: string[];
}

const cases: Case[] = [
  {
    format: 'kohya',
    program: kohya,
    packages: ['torch', 'safetensors'],
    written: { kohya: 'my_lora.safetensors' },
    unmatched: ['text_encoder.text_model.encoder.layers.0.self_attn.q_proj'],
  },
  {
    format: 'PEFT',
    program: peft,
    packages: ['torch', 'safetensors', 'peft'],
    written: { peft: 'lora' },
  },
  {
    format: 'diffusers',
    program: diffusers,
    packages: ['torch', 'safetensors', 'peft', 'diffusers'],
    written: {
      model: 'pytorch_lora_weights.safetensors',
      pipeline: 'pytorch_lora_weights.safetensors',
    },
  },
  {
    format: 'mlx-lm',
    program: mlx,
    packages: ['torch', 'safetensors', 'mlx', 'mlx_lm'],
    written: { mlx: 'lora' },
  },
];

for (const { format, program, packages, written, unmatched = [] } of cases) {
  describeUnless(pythonLacks(...packages), `an adapter of ${format}`, () => {
    beforeAll(() => {
      runPython(program, { cwd: folder });
    }, 120_000);

    it.each(Object.entries(written))('in %s/%s has the values of its program', async (name, of) => {
      const path = (file: string) => join(folder, name, file);
      const alone = await openCheckpoint(path(of));
      const merged = await openCheckpoint(path('merged.safetensors'));
      const base = await openCheckpoint(path('base.safetensors'), { adapter: path(of) });
      const plain = await openCheckpoint(path('base.safetensors'));
      expect(alone.adapterFormat).toBe(format);
      expect(base.adapterFormat).toBeUndefined();
      expect(base.adapter).toMatchObject({ unmatched, replaced: [] });
      expect(base.adapter!.applied).toBe(alone.tensors.length - unmatched.length);
      let changed = 0;
      for (const tensor of merged.tensors) {
        const expected = await tensor.read();
        const found = base.tensors.find((each) => each.name === tensor.name)!;
        const before = plain.tensors.find((each) => each.name === tensor.name)!;
        expect(found.shape).toEqual(before.shape);
        const [values, old] = [await found.read(), await before.read()];
        const largest = Math.max(...[...expected].map(Math.abs));
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2e-6 * largest);
        }
        if (values.some((value, i) => value !== old[i])) changed++;
      }
      expect(changed).toBe(base.adapter!.applied);
      // The updates alone are what they add.
      for (const update of alone.tensors) {
        const own = base.tensors.find(
          ({ name: each }) => each === update.name || `unet.${each}` === update.name,
        );
        if (!own) continue;
        const before = plain.tensors.find((each) => each.name === own.name)!;
        const [sum, old] = [await own.read(), await before.read()];
        for (const [i, value] of (await update.read()).entries()) {
          expect(Math.abs(old[i]! + value - sum[i]!)).toBeLessThan(1e-4);
        }
        const { left, right, rank, scale } = update.factors!;
        const [l, r] = [await left(), await right()];
        const columns = r.length / rank;
        const first = Array.from({ length: rank }, (_, k) => l[k]! * r[k * columns]!);
        const value = scale * first.reduce((a, b) => a + b, 0);
        expect(Math.abs(value - (await update.read(0, 1))[0]!)).toBeLessThan(1e-5);
      }
      for (const each of [alone, merged, base, plain]) await each.close();
    });
  });
}

describeUnless(pythonLacks('torch', 'safetensors'), 'names of kohya', () => {
  it('have the dots that are sure', async () => {
    const { tensors, close } = await openCheckpoint(join(folder, 'kohya', 'my_lora.safetensors'));
    expect(tensors.map(({ name }) => name).toSorted()).toEqual(
      [
        'text_encoder.text_model.encoder.layers.0.self_attn.q_proj.weight',
        'unet.conv_in.weight',
        'unet.down_blocks.0.attentions.0.proj_in.weight',
        'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight',
        'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight',
        'unet.down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight',
        'unet.down_blocks.0.resnets.0.conv1.weight',
      ].toSorted(),
    );
    await close();
  });
});
