/** What Soup's schema refuses is refused here; the YAML itself is read by Soup in trainers.interop.test.ts. */
import {
  type Projection,
  projectionAllocation,
  selectionAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf, notesOf } from '../test-support/exported.js';

/** All different from their neighbors, so that no key stands for several. */
const many = (count: number): Projection[] =>
  Array.from({ length: count }, (_, i) => [`model.layers.${i}.mlp.up_proj.weight`, i, 1 + (i % 2)]);

describe('ranks for Soup', () => {
  it('are below training.lora', async () => {
    const text = await filesOf(projectionAllocation('rank', many(2)), 'soup');
    expect(parse(text as string)).toEqual({
      training: {
        lora: {
          r: 2,
          alpha: 2,
          dropout: 0,
          target_modules: ['model.layers.0.mlp.up_proj', 'model.layers.1.mlp.up_proj'],
          rank_pattern: { 'model\\.layers\\.0\\.mlp\\.up_proj': 1 },
          alpha_pattern: { 'model\\.layers\\.0\\.mlp\\.up_proj': 1 },
        },
      },
    });
  });

  it.each([
    ['more keys than it takes', many(514), {}, /takes 256 entries in a pattern, and .* needs 257/],
    [
      'a long name that needs no key',
      [...many(1), [`layers.1.${'x'.repeat(510)}.weight`, 1, 2] as Projection],
      { scaling: 'alpha/r' },
      undefined,
    ],
    [
      'a key that is too long',
      [
        [`layers.1.${'x'.repeat(510)}.weight`, 1, 1],
        ['layers.0.y.weight', 0, 2],
      ] as Projection[],
      { scaling: 'alpha/r' },
      /takes entries of 512 characters, and one has 521/,
    ],
    [
      'a rank that is too large',
      [
        ['layers.0.x.weight', 0, 1025],
        ['layers.1.x.weight', 1, 2000],
      ] as Projection[],
      { scaling: 'alpha/r' },
      /up to 1024 in its patterns, and one is 1025/,
    ],
    ['a part of an alpha', many(2), { alpha: 3 }, /Soup takes whole numbers for alpha, .* 1\.5/],
  ])('with %s', async (_, list, options, message) => {
    const exported = filesOf(projectionAllocation('rank', list), 'soup', options);
    if (message === undefined) expect(await exported).toContain('rank_pattern');
    else
      await expect(exported).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      });
  });
});

describe('a selection for Soup', () => {
  it('is trained without quantization, a fused tensor as a whole', async () => {
    const selection = selectionAllocation([
      ['model.layers.0.mlp.experts.0.up_proj.weight', 0, 1],
      ['model.layers.0.mlp.experts.1.up_proj.weight', 0, 0],
      ['model.layers.1.a+b.weight', 1, 1],
      ['model.layers.2.c.weight', 2, 0],
    ]);
    const model = { source: 'x', architecture: 'Qwen3MoeForCausalLM' };
    const text = await filesOf({ ...selection, model }, 'soup');
    expect(parse(text as string)).toEqual({
      training: {
        quantization: 'none',
        unfrozen_parameters: [
          '(^|\\.)model\\.layers\\.0\\.mlp\\.experts\\.gate_up_proj$',
          '(^|\\.)model\\.layers\\.1\\.a\\+b\\.(weight|bias)$',
        ],
      },
    });
    expect((await notesOf({ ...selection, model }, 'soup')).join()).toContain(
      'are trained as a whole',
    );
  });

  it('has no adapter, and needs something selected', async () => {
    const list: Projection[] = [['model.layers.0.a.weight', 0, 1]];
    await expect(filesOf(selectionAllocation(list), 'soup', { alpha: 8 })).rejects.toThrow(
      /are for adapters, and Soup trains a selection in full/,
    );
    const nothing = selectionAllocation([['model.layers.0.a.weight', 0, 0]]);
    await expect(filesOf(nothing, 'soup')).rejects.toThrow(/there is nothing to train/);
  });
});
