/** Names of families of models, against the layers of torch that their parameters belong to. */
import { readFileSync } from 'node:fs';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython, shrunkModels } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { withDistinctRoles } from './distinct-roles.js';
import { identify, pathInBlock } from './index.js';
import { stacksOf } from './stacks.js';

const families = `
  llama mistral mixtral qwen2 qwen2_moe qwen3 qwen3_moe qwen3_next qwen3_5_text gemma gemma2 gemma3_text gemma3n_text
  phi phi3 phimoe gpt2 gptj gpt_neo gpt_neox gpt_bigcode opt bloom falcon mpt starcoder2 codegen glm glm4 glm4_moe
  olmo olmo2 olmoe stablelm cohere cohere2 deepseek_v2 deepseek_v3 gpt_oss llama4_text granite granitemoe
  granitemoeshared granitemoehybrid jamba mamba mamba2 falcon_mamba falcon_h1 bamba zamba2 lfm2 rwkv recurrent_gemma
  persimmon minimax jetmoe bert roberta distilbert deberta deberta-v2 albert electra modernbert xlnet t5 bart
  whisper vit clip siglip dinov2 swin swinv2 sam wav2vec2 hubert wavlm blip-2 qwen2_vl idefics3 gemma3`
  .trim()
  .split(/\s+/);

type Layer =
  | 'linear'
  | 'conv1d'
  | 'embedding'
  | 'norm'
  | 'convolution'
  | 'depthwise'
  | 'experts'
  | 'parameter'
  | 'vector';

interface Model {
  family: string;
  config: Record<string, unknown>;
  tensors: Array<[name: string, shape: number[], layer: Layer]>;
}

/** What a tensor of more than one axis in a block may be taken for, by the layer that has it. */
const allowed: Readonly<Record<Exclude<Layer, 'vector'>, readonly string[]>> = {
  linear: ['projection', 'router', 'head', 'not a matrix'],
  conv1d: ['projection'],
  embedding: ['embedding'],
  norm: ['not a matrix'],
  convolution: ['projection', 'embedding', 'not a matrix'],
  depthwise: ['not a matrix'],
  experts: ['projection', 'router', 'not a matrix'],
  parameter: ['not a matrix', 'embedding', 'router'],
};

describeUnless(pythonLacks('transformers>=5.0', 'torch'), 'families of transformers', () => {
  const models = new Map<string, Model>();
  beforeAll(() => {
    const program = readFileSync(
      new URL('../test-support/family-names.py', import.meta.url),
      'utf8',
    );
    for (const line of runPython(shrunkModels + program, { args: families })
      .trim()
      .split('\n')) {
      const model: Model = JSON.parse(line);
      models.set(model.family, model);
    }
  }, 300_000);

  it.each(families)('%s', (family) => {
    const { config, tensors } = models.get(family)!;
    const stacks = stacksOf(
      tensors.map(([name, shape]) => ({ name, shape })),
      config,
    );
    const weights = withDistinctRoles(
      tensors.map(
        ([name, shape]): WeightDescription => ({
          ...{ name, shape, dtype: 'F32' },
          ...identify(name, shape, config, stacks),
        }),
      ),
      stacks,
    );
    /** By block and role, the module that has it. */
    const modules = new Map<string, string>();
    for (const [i, weight] of weights.entries()) {
      const { name, kind, role, notMatrix, inputFirst } = weight;
      const [, shape, layer] = tensors[i]!;
      const place = pathInBlock(name, stacks);
      if (!place || layer === 'vector') continue;
      expect(allowed[layer], `${name} of a ${layer}`).toContain(
        notMatrix === undefined ? kind : 'not a matrix',
      );
      // A linear map is measured unless it is a vector, makes a table of positions or changes another.
      if (layer === 'linear' && notMatrix !== undefined && Math.min(...shape) > 1) {
        expect(notMatrix, name).toMatch(/relative positions|low-rank change/);
      }
      if (layer === 'conv1d') expect(inputFirst, name).toBe(true);
      if (kind !== 'projection') continue;
      const block = weight.block ?? `${weight.stack!.name} ${weight.stack!.block}`;
      const key = `${place.list.join('.')} ${block} ${role}`;
      const path = place.path.join('.');
      expect(modules.get(key) ?? path, `${name} beside ${modules.get(key)}`).toBe(path);
      modules.set(key, path);
    }
    expect(modules.size).toBeGreaterThan(0);
  });
});
