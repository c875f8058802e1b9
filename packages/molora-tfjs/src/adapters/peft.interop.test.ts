/**
 * PEFT itself loads exported adapters onto a small model with Llama's names: what it adds to every
 * weight must be scaling * A B, with the patterns and where a program ignores them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { joined, projection, stateOf } from '../test-support/adapters.js';
import type { AdaptedProjection } from './adapter-spec.js';
import type { AdapterFiles } from './files.js';
import { peftFiles } from './peft.js';
import { adapterFiles } from './write.js';

// Versions before 0.15 match keys otherwise.
const lack = pythonLacks('torch', 'peft>=0.15');

/** Of a folder and [[name, inputs, outputs], ...]: each weight's change. */
const program = `
import warnings
import torch
from torch import nn
from peft import PeftModel
warnings.filterwarnings('error', message='.*(missing adapter keys|target_modules|pattern).*')

def answer(question):
    folder, maps = question
    root = nn.Module()
    root.config = {'model_type': 'custom', 'tie_word_embeddings': False}
    root.prepare_inputs_for_generation = None
    for name, inputs, outputs in maps:
        *path, last = name.split('.')
        parent = root
        for part in path:
            if not hasattr(parent, part): parent.add_module(part, nn.Module())
            parent = getattr(parent, part)
        layer = nn.Linear(inputs, outputs, bias=False)
        nn.init.zeros_(layer.weight)
        parent.add_module(last, layer)
    model = PeftModel.from_pretrained(root, folder).merge_and_unload()
    return {name: model.get_submodule(name).weight.tolist() for name, _, _ in maps}
`;

const folder = temporaryFolder('peft');

const adapted: AdaptedProjection[] = [
  projection({ ranks: [2], scalings: [3] }),
  projection({ name: 'model.layers.1.self_attn.q_proj', block: 1, ranks: [3], scalings: [-0.5] }),
  projection({ name: 'model.layers.1.mlp.up_proj', block: 1, inputs: 4, outputs: 5, ranks: [3] }),
];
const state = stateOf(adapted);

describeUnless(lack, 'PEFT', () => {
  const ask = startPython<unknown[], Record<string, number[][]>>(program);

  it.each<[string, AdapterFiles]>([
    ['adapterFiles', adapterFiles(state)],
    ['peftFiles', peftFiles(state)],
    ['peftFiles of one rank', peftFiles(state, { uniformRank: true })],
  ])('adds what %s say', async (_, { weights, config }) => {
    writeFileSync(join(folder, 'adapter_model.safetensors'), joined(weights));
    writeFileSync(join(folder, 'adapter_config.json'), config);
    const untouched = ['model.layers.0.mlp.up_proj', 4, 5];
    const maps = [
      ...adapted.map(({ name, inputs, outputs }) => [name, inputs, outputs]),
      untouched,
    ];
    const changes = await ask([folder, maps]);
    expect(changes['model.layers.0.mlp.up_proj']!.flat()).toEqual(Array(20).fill(0));
    for (const { name, inputs, outputs, ranks, scalings } of adapted) {
      const a = state.tensors[`${name}.lora_A`]!.values;
      const b = state.tensors[`${name}.lora_B`]!.values;
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++) {
          let sum = 0;
          for (let k = 0; k < ranks[0]!; k++) sum += a[i * ranks[0]! + k]! * b[k * outputs + o]!;
          expect(changes[name]![o]![i]).toBeCloseTo(scalings[0]! * sum, 5);
        }
      }
    }
  });
});
