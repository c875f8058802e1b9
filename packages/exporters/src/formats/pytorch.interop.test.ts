/** What `molora.py` does with what the export says, in torch, transformers and PEFT. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { exportDocument } from '../export.js';

const folder = temporaryFolder('pytorch');

const program = `
import os, warnings
warnings.filterwarnings('ignore')
import torch
from transformers import (GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, LlamaModel, Trainer,
  TrainingArguments)
torch.set_num_threads(1)
import molora

def llama(kind=LlamaForCausalLM, seed=0):
  torch.manual_seed(seed)
  return kind(LlamaConfig(vocab_size=60, hidden_size=16, intermediate_size=24, num_hidden_layers=3,
    num_attention_heads=2, num_key_value_heads=1)).eval()
ids = torch.randint(0, 60, (2, 11), generator=torch.Generator().manual_seed(1))

def answering(model, folder):
  """With experts that answer something: B is zero at first."""
  molora.apply(model, folder)
  for layer in model.molora.layers: torch.nn.init.normal_(layer.lora_B, std=0.1)
  return model.eval()
def logits(model, **more):
  with torch.no_grad(): return model(ids, **more).logits
def apart(a, b): return float((a - b).abs().max())
def refusal(run):
  try: run()
  except molora.MoloraError as error: return str(error)

def start(folder):
  model = llama(); before = logits(model); molora.apply(model, folder)
  frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
  return {'same': apart(before, logits(model)), 'trainable': sum(p.numel() for p in molora.parameters(model)),
    'frozen': all('lora_' not in n and '.gate.' not in n for n in frozen),
    'experts': {l.name: [l.ranks, l.scalings, l.top_k] for l in model.molora.layers}}

def single(folder):
  from peft import PeftModel
  model = answering(llama(), folder); own = logits(model); out = folder + '-out'
  molora.save(model, out)
  theirs = logits(PeftModel.from_pretrained(llama(), out).eval())
  merged = logits(molora.merge(model))
  return {'effect': apart(own, logits(llama())), 'peft': apart(own, theirs), 'merged': apart(own, merged),
    'plain': all('lora' not in n for n, _ in model.named_parameters())}

def several(folder):
  model = answering(llama(), folder); own = logits(model); out = folder + '-out'
  molora.save(model, out)
  read = logits(molora.load(llama(), out))
  message = refusal(lambda: molora.merge(model))
  still = apart(own, logits(model))
  one = answering(llama(), folder)
  for layer in one.molora.layers:
    if layer.experts > 1: layer.router.gates = lambda l, k: torch.nn.functional.one_hot(torch.zeros(len(l), dtype=int), l.shape[1]).float()
  first = logits(one)
  return {'read': apart(own, read), 'message': message, 'still': still,
    'first': apart(first, logits(molora.merge(one, expert=0)))}

def bare(folder):
  model = llama(LlamaModel); molora.apply(model, folder)
  return {'names': sorted(n for n, m in model.named_modules() if isinstance(m, molora.MoloraLinear))[:2]}

def misfits(folder):
  small = LlamaForCausalLM(LlamaConfig(vocab_size=60, hidden_size=16, intermediate_size=20, num_hidden_layers=3,
    num_attention_heads=2, num_key_value_heads=1))
  names = [n for n, _ in small.named_parameters()]
  gpt2 = GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=9))
  found = [refusal(lambda: molora.apply(small, folder)), refusal(lambda: molora.apply(gpt2, folder)),
    refusal(lambda: molora.load(llama(), folder)), refusal(lambda: molora.save(llama(), folder)),
    refusal(lambda: molora.apply(llama(), folder, router_loss=('balance', 1)))]
  return {'found': found, 'untouched': names == [n for n, _ in small.named_parameters()]}

def reentrant(folder):
  model = molora.apply(llama(), folder, router_loss=('load-balance', 0.01)).train()
  model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={'use_reentrant': True})
  return {'message': refusal(lambda: model(ids, labels=ids))}

def trainer(folder):
  data = [{'input_ids': row, 'labels': row} for row in torch.randint(0, 60, (16, 9), generator=torch.Generator().manual_seed(2))]
  def run(steps, **more):
    arguments = TrainingArguments(folder + '-run', max_steps=steps, save_steps=2, per_device_train_batch_size=4,
      gradient_accumulation_steps=2, learning_rate=1e-2, lr_scheduler_type='constant', report_to=[], use_cpu=True,
      disable_tqdm=True, logging_steps=1)
    model = molora.apply(llama(), folder, router_loss=('load-balance', 0.01))
    trainer = molora.resumable(Trainer(model=model, args=arguments, train_dataset=data))
    trainer.train(**more)
    return [float(entry['loss']) for entry in trainer.state.log_history if 'loss' in entry], logits(model.eval())
  whole, after = run(4)
  again, resumed = run(4, resume_from_checkpoint=folder + '-run/checkpoint-2')
  return {'losses': whole, 'again': again, 'apart': apart(after, resumed),
    'files': sorted(os.listdir(folder + '-run/checkpoint-4'))}

def answer(ask): return globals()[ask['what']](ask['folder'])
`;

/** Blocks with so many experts, or of such ranks. */
function allocation(unit: 'experts' | 'rank', counts: readonly number[]): Allocation {
  const shapes = {
    'self_attn.q_proj': [16, 16],
    'self_attn.v_proj': [16, 8],
    'mlp.down_proj': [24, 16],
  };
  const topK = counts.map((count) => (unit === 'experts' ? Math.min(2, count) : 1));
  const experts = counts.map((count) => (unit === 'experts' ? count : 1));
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'by hand', version: '1', options: {} },
    budget: { unit, total: counts.reduce((sum, count) => sum + count, 0) },
    blocks: counts.map((count, index) => ({
      index,
      score: 1,
      experts: experts[index]!,
      topK: topK[index]!,
      ...(unit === 'rank' && { rank: count }),
    })),
    projections: counts.flatMap((count, block) =>
      Object.entries(shapes).map(([name, [inputs, outputs]]) => ({
        name: `model.layers.${block}.${name}.weight`,
        block,
        role: name.split('.')[1]!,
        inputs: inputs!,
        outputs: outputs!,
        score: 1,
        experts: experts[block]!,
        topK: topK[block]!,
        rank: unit === 'rank' ? count : 2 + block,
      })),
    ),
    experts,
    topK,
  };
}

async function write(path: string, document: Allocation): Promise<void> {
  const { files } = await exportDocument(document, 'pytorch', { alpha: 6, dropout: 0 });
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
}

describeUnless(
  pythonLacks('torch', 'transformers', 'peft', 'accelerate'),
  'experts in PyTorch',
  () => {
    const experts = join(folder, 'experts');
    const ranks = join(folder, 'ranks');
    const ask = startPython<{ what: string; folder: string }, Record<string, unknown>>(program, {
      env: { PYTHONPATH: experts },
    });
    beforeAll(async () => {
      await write(experts, allocation('experts', [1, 3, 2]));
      await write(ranks, allocation('rank', [1, 4, 2]));
    });

    it('start as the base model, with the experts of the allocation', async () => {
      const found = await ask({ what: 'start', folder: experts });
      // (inputs + outputs) per rank, and inputs per expert of a router: ranks 2, 3, 4; experts 1, 3, 2.
      const inOut = 32 + 24 + 40;
      const trainable = inOut * (2 + 3 * 3 + 2 * 4) + (16 + 16 + 24) * (3 + 2);
      expect(found).toMatchObject({ same: 0, trainable, frozen: true });
      expect(found['experts']).toMatchObject({
        'model.layers.0.self_attn.q_proj': [[2], [3], 1],
        'model.layers.1.mlp.down_proj': [[3, 3, 3], [2, 2, 2], 2],
      });
    });

    it('of one each are a LoRA to PEFT, and merge', async () => {
      const found = await ask({ what: 'single', folder: ranks });
      expect(found['effect']).toBeGreaterThan(0.01);
      expect(found['peft']).toBeLessThan(1e-5);
      expect(found['merged']).toBeLessThan(1e-5);
      expect(found['plain']).toBe(true);
    });

    it('of several each are saved and read; merging them asks which', async () => {
      const found = await ask({ what: 'several', folder: experts });
      expect(found).toMatchObject({ read: 0, still: 0 });
      expect(found['message']).toMatch(/has 3 experts under a router.*expert=0.*"mean"/);
      expect(found['first']).toBeLessThan(1e-5);
    });

    it('find the modules of a bare decoder', async () => {
      const { names } = await ask({ what: 'bare', folder: experts });
      expect(names).toEqual(['layers.0.mlp.down_proj', 'layers.0.self_attn.q_proj']);
    });

    it('are refused where they do not fit, and the model stays as it was', async () => {
      const { found, untouched } = await ask({ what: 'misfits', folder: experts });
      expect(found).toEqual([
        expect.stringMatching(
          /down_proj maps 24 inputs to 16 outputs in the adapter, and 20 to 16/,
        ),
        expect.stringMatching(/the model has no linear map model.layers.0.self_attn.q_proj/),
        expect.stringMatching(/no adapter_model.safetensors/),
        expect.stringMatching(/call molora.apply/),
        expect.stringMatching(/no router loss 'balance'.*load-balance/),
      ]);
      expect(untouched).toBe(true);
    });

    it('say how to keep the gradient of routers under gradient checkpointing', async () => {
      const { message } = await ask({ what: 'reentrant', folder: experts });
      expect(message).toMatch(/use_reentrant": False/);
    });

    it('train under the Trainer of Hugging Face, which resumes with the same numbers', async () => {
      const found = await ask({ what: 'trainer', folder: experts });
      const losses = found['losses'] as number[];
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      expect(found['again']).toEqual(losses);
      expect(found['apart']).toBe(0);
      expect(found['files']).toContain('adapter_model.safetensors');
      expect(found['files']).not.toContain('model.safetensors');
    });
  },
);
