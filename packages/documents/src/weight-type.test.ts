import { expect, it } from 'vitest';
import { weightType } from './weight-type.js';

// The types in the results that Spectrum's authors published, e.g. of Mistral-7B and Mixtral.
it.each([
  ['model.layers.31.mlp.down_proj.weight', 'mlp.down_proj'],
  ['model.layers.0.block_sparse_moe.experts.3.w1.weight', 'block_sparse_moe.experts.3.w1'],
  ['transformer.h.2.attn.c_proj', 'attn.c_proj'],
  ['lm_head.weight', 'lm_head'],
])('of %s is %s', (name, type) => {
  expect(weightType(name)).toBe(type);
});
