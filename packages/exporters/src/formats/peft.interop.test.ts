/**
 * PEFT itself reads the configuration and builds the adapter, on a small model with Llama's names,
 * bare and inside a model with a head. It must adapt exactly the modules with a rank, with that rank
 * and scaling 1, also after saving and loading, also as a server does that ignores the patterns.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { llamaLike, type Projection, projectionAllocation } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';

// Versions before 0.15 match keys otherwise.
const lack = pythonLacks('torch', 'peft>=0.15');

/** Of a folder, what the names in the model begin with, and [[name, inputs, outputs], ...]. */
const program = `
import warnings
import torch
from torch import nn
from peft import LoraConfig, PeftModel, get_peft_model
warnings.filterwarnings('error', message='.*(target_modules|rank_pattern|exclude_modules).*')

def answer(question):
    folder, prefix, maps = question

    def build():
        root = nn.Module()
        root.config = {'model_type': 'custom', 'tie_word_embeddings': False}
        for name, inputs, outputs in maps:
            *path, last = (prefix + name).split('.')
            parent = root
            for part in path:
                if not hasattr(parent, part): parent.add_module(part, nn.Module())
                parent = getattr(parent, part)
            parent.add_module(last, nn.Linear(inputs, outputs, bias=False))
        return root

    def adapted(model):
        base = 'base_model.model.' + prefix
        return {name[len(base):]: [layer.r['default'], layer.scaling['default'],
                                   list(layer.lora_A['default'].weight.shape),
                                   list(layer.lora_B['default'].weight.shape)]
                for name, layer in model.named_modules() if hasattr(layer, 'lora_A')}

    config = LoraConfig.from_pretrained(folder)
    config.task_type = None  # the model has no generate()
    model = get_peft_model(build(), config)
    built = adapted(model)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.save_pretrained(folder + '/saved')
    loaded = adapted(PeftModel.from_pretrained(build(), folder + '/saved'))
    return {'built': built, 'loaded': loaded, 'trainable': trainable,
            'server': config.lora_alpha / config.r, 'rslora': config.use_rslora}
`;

const root = temporaryFolder('peft');

interface Adapted {
  built: Record<string, unknown>;
  loaded: Record<string, unknown>;
  trainable: number;
  server: number;
  rslora: boolean;
}
const ask = startPython<unknown[], Adapted>(program, { env: { HF_HUB_OFFLINE: '1' } });

/** Beside the modules of the allocation, some that must stay without an adapter. */
async function runPeft(
  list: readonly Projection[],
  { unit = 'rank', prefix = '' }: { unit?: 'rank' | 'experts'; prefix?: string } = {},
) {
  const allocation = projectionAllocation(unit, list);
  const folder = mkdtempSync(join(root, 'adapter-'));
  const files = (await filesOf(allocation, 'peft')) as Record<string, string>;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const maps = [
    ...allocation.projections!.map((own) => [moduleOf(own.name), own.inputs, own.outputs]),
    ...others.map((name) => [name, 16, 32]),
  ];
  const answer = await ask([folder, prefix, maps]);
  const wanted = Object.fromEntries(
    allocation.projections!.flatMap(({ name, inputs, outputs, experts, rank }) => {
      const total = experts! * rank!;
      return total > 0
        ? [[moduleOf(name), [total, 1, [total, inputs], [outputs, total]]] as const]
        : [];
    }),
  );
  return { ...answer, wanted };
}

const moduleOf = (name: string): string => name.replace(/\.weight$/, '');
const others = ['model.layers.0.self_attn.q_proj2', 'model.layers.11.self_attn.q_proj', 'lm_head'];

describeUnless(lack, 'adapter_config.json, read by PEFT', () => {
  it.each([
    ['ranks', {}],
    ['experts', { unit: 'experts' as const }],
    ['ranks, of a bare checkpoint in a model with a head', { prefix: 'transformer.' }],
  ])(
    'adapts the modules as allocated: %s',
    async (_, options) => {
      const { built, loaded, wanted, server, rslora } = await runPeft(llamaLike, options);
      expect(Object.keys(wanted)).toHaveLength(5);
      expect(built).toEqual(wanted);
      expect(loaded).toEqual(wanted);
      expect([server, rslora]).toEqual([1, false]);
    },
    120_000,
  );

  it('trains as many parameters as the experts have without their routers', async () => {
    const { trainable } = await runPeft(llamaLike, { unit: 'experts' });
    // Rank 8; 9 experts on maps of 16 + 32 and 7 on maps of 16 + 64.
    expect(trainable).toBe(8 * (9 * 48 + 7 * 80));
  }, 120_000);

  it('adapts a model of many blocks, for which PEFT shortens its list of modules', async () => {
    const many = Array.from({ length: 24 }, (_, block): Projection[] => [
      [`model.layers.${block}.self_attn.q_proj.weight`, block, 1 + (block % 5)],
      [`model.layers.${block}.mlp.up_proj.weight`, block, block % 3],
    ]).flat();
    const { built, loaded, wanted } = await runPeft(
      // Block 11 is one of the modules that stay without.
      many.filter(([, block]) => block !== 11),
    );
    expect(Object.keys(wanted).length).toBeGreaterThan(20);
    expect(built).toEqual(wanted);
    expect(loaded).toEqual(wanted);
  }, 120_000);

  it('keeps apart modules whose names end alike', async () => {
    const { built, wanted } = await runPeft([
      ['layers.0.self_attn.q_proj.weight', 0, 1],
      ['vision.layers.0.self_attn.q_proj.weight', 0, 2],
      ['layers.1.self_attn.q_proj.weight', 1, 2],
      ['vision.layers.1.self_attn.q_proj.weight', 1, 3],
    ]);
    expect(built).toEqual(wanted);
  }, 120_000);

  it('adapts names that are special in regular expressions', async () => {
    const { built, wanted } = await runPeft([
      ['model.layers.0.a+b(c)[d]{2}|e$.weight', 0, 1],
      ['model.layers.0.x*y?^z.weight', 0, 2],
      ['model.layers.0.back\\slash.weight', 0, 3],
      ['model.layers.0.ünïcode 层.weight', 0, 4],
    ]);
    expect(built).toEqual(wanted);
  }, 120_000);
});
