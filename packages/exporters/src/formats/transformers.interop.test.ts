/** The groups that `parameter_groups.py` makes of a small Llama, and that Trainer trains by. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { llamaLike, type Projection, valuesByProjection } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';

const program = `
import runpy, warnings
warnings.filterwarnings('ignore')
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
torch.set_num_threads(1)

def llama(layers):
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(vocab_size=60, hidden_size=16, intermediate_size=24,
      num_hidden_layers=layers, num_attention_heads=2, num_key_value_heads=1, attention_bias=True))

def answer(question):
    folder, layers, lora, train = question
    make = runpy.run_path(folder + '/parameter_groups.py')['parameter_groups']
    model = llama(layers)
    if lora: model = get_peft_model(model, LoraConfig(r=2, target_modules=['q_proj', 'v_proj']))
    try: groups = make(model, 0.01, 0.1)
    except ValueError as error: return {'error': str(error)}
    names = {id(p): n for n, p in model.named_parameters()}
    given = [[names[id(p)], g['lr'], g['weight_decay']] for g in groups for p in g['params']]
    found = {'groups': given, 'trainable': [n for n, p in model.named_parameters() if p.requires_grad]}
    if train:
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        args = TrainingArguments(output_dir=folder + '/out', max_steps=1, learning_rate=0.01, weight_decay=0.1,
          report_to=[], save_strategy='no', disable_tqdm=True, use_cpu=True)
        ids = torch.arange(12) % 60
        optimizer = torch.optim.AdamW(groups, lr=0.01)
        trainer = Trainer(model=model, args=args, optimizers=(optimizer, None),
          train_dataset=[{'input_ids': ids, 'labels': ids}] * 2)
        found['decayed'] = trainer.get_decay_parameter_names(model)
        trainer.train()
        found['moved'] = {n: float((p.detach() - before[n]).abs().max()) for n, p in model.named_parameters()}
    return found
`;

interface Found {
  groups: Array<[name: string, lr: number, decay: number]>;
  trainable: string[];
  decayed: string[];
  moved: Record<string, number>;
  error?: string;
}
const ask = startPython<unknown[], Found>(program, { env: { HF_HUB_OFFLINE: '1' } });
const folder = temporaryFolder('transformers');

async function groupsOf(
  allocation: Allocation,
  layers: number,
  { lora = false, train = false } = {},
) {
  const files = (await filesOf(allocation, 'transformers')) as Record<string, string>;
  writeFileSync(join(folder, 'parameter_groups.py'), files['parameter_groups.py']!);
  return ask([folder, layers, lora, train]);
}

/** Eleven blocks, as layers.1 is in layers.10; the first has the factor 0. */
const list = Array.from({ length: 11 }, (_, block): Projection[] =>
  ['self_attn.q_proj', 'mlp.up_proj'].map((role) => [
    `model.layers.${block}.${role}.weight`,
    block,
    block / 4,
  ]),
).flat();

/** By its name: 1 outside of the list. */
function factorOf(name: string): number {
  const match = /layers\.(\d+)\.(self_attn\.q_proj|mlp\.up_proj)\./.exec(name);
  return match ? Number(match[1]) / 4 : 1;
}

describeUnless(
  pythonLacks('torch', 'transformers>=5', 'peft>=0.15', 'accelerate'),
  'parameter_groups.py, run by transformers',
  () => {
    it('has every parameter once, with its learning rate, and Trainer trains by them', async () => {
      const found = await groupsOf(valuesByProjection('learning-rate', list), 11, { train: true });
      expect(found.groups.map(([name]) => name).sort()).toEqual(found.trainable.sort());
      for (const [name, lr] of found.groups)
        expect([name, lr]).toEqual([name, 0.01 * factorOf(name)]);
      const decayed = found.groups.flatMap(([name, , decay]) => (decay > 0 ? [name] : []));
      expect(decayed.sort()).toEqual(found.decayed.sort());
      // The first step of Adam is as long as the learning rate, and decay adds a thousandth of the weight.
      for (const name of ['q_proj.weight', 'q_proj.bias'].map((end) => `self_attn.${end}`)) {
        expect(found.moved[`model.layers.0.${name}`]).toBe(0);
        expect(found.moved[`model.layers.10.${name}`]).toBeCloseTo(0.025, 3);
        expect(found.moved[`model.layers.1.${name}`]).toBeCloseTo(0.0025, 3);
      }
    }, 120_000);

    it('has the parameters of a LoRA, and none that is frozen', async () => {
      const found = await groupsOf(valuesByProjection('learning-rate', list), 11, { lora: true });
      expect(found.trainable).toHaveLength(11 * 4);
      expect(found.groups.map(([name]) => name).sort()).toEqual(found.trainable.sort());
      for (const [name, lr] of found.groups)
        expect([name, lr]).toEqual([name, 0.01 * factorOf(name)]);
    }, 120_000);

    it('has the weight decay of each module, and none of biases and norms', async () => {
      const { groups } = await groupsOf(valuesByProjection('weight-decay', list), 11);
      // Of a block 7 matrices, 4 biases and 2 norms; embeddings, norm and head.
      expect(groups).toHaveLength(11 * 13 + 3);
      for (const [name, lr, decay] of groups) {
        const factor = /bias|norm/.test(name) ? 0 : factorOf(name);
        expect([name, lr, decay]).toEqual([name, 0.01, 0.1 * factor]);
      }
    }, 120_000);

    it('says which module a model lacks', async () => {
      const { error } = await groupsOf(valuesByProjection('learning-rate', llamaLike), 2);
      expect(error).toBe(
        "the model has no module 'model.layers.2.self_attn.q_proj' (2 of 6 missing)",
      );
    }, 120_000);
  },
);
