/** Names as GPT-NeoX writes its layers, and with underscores for dots. */
import { expect, it } from 'vitest';
import { identify, type ModelConfig } from './index.js';
import { stacksOf } from './stacks.js';
import { unfoundBlocks } from './unfound-blocks.js';

function said(names: readonly string[], config: ModelConfig): string | undefined {
  const tensors = names.map((name) => ({ name, shape: [8, 8] }));
  const stacks = stacksOf(tensors, config);
  const weights = tensors.map(({ name, shape }) => {
    return { name, shape, dtype: 'F32' as const, ...identify(name, shape, config, stacks) };
  });
  return unfoundBlocks(weights, stacks);
}

it.each([
  [['lm_head.weight', 'layer_02.mlp.up_proj.weight', 'layer_03.mlp.up_proj.weight'], 1],
  [['model_layers_0_mlp_up_proj_weight', 'model_layers_1_mlp_up_proj_weight', 'x.weight'], 0],
])('names two of %j and the number of blocks', (names, first) => {
  const note = said(names, { text_config: { num_hidden_layers: 3 } })!;
  expect(note).toContain(`(${names[first]}, ${names[first + 1]})`);
  expect(note).toMatch(/says 3 blocks \(num_hidden_layers\).*convert the model to the names of/);
});

it('says nothing where there is a block, or where no number is given', () => {
  expect(said(['h.0.up.weight'], { n_layer: 1 })).toBeUndefined();
  expect(said(['layer_02.up.weight'], {})).toBeUndefined();
  expect(said(['layer_02.up.weight'], { depths: [2, 2], num_layers: 4 })).toBeUndefined();
});
