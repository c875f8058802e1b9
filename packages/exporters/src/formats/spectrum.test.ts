/** The files of Spectrum, as Axolotl's plugin and its configuration are read. */
import {
  analysisOf,
  failedRow,
  llamaLike,
  measuredRow,
  selectionAllocation,
  valueAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf, notesOf } from '../test-support/exported.js';

describe('snr_results of an analysis', () => {
  const rows = [
    measuredRow('model.layers.0.mlp.down_proj.weight', 3, { metrics: { snr: 0.5 } }),
    measuredRow('model.layers.1.mlp.down_proj.weight', 3),
    failedRow('model.layers.1.mlp.up_proj.weight'),
    measuredRow('model.layers.0.attn.qkv.weight[q]', 3, {
      metrics: { snr: 1 },
      ...{ partOf: 'model.layers.0.attn.qkv.weight', block: 0, kind: 'projection' },
    }),
  ];
  const analysis = (source: string) => {
    const made = analysisOf(rows);
    return { ...made, model: { ...made.model, source } };
  };

  it('have the names and types of modules, and what has no snr is told', async () => {
    const files = (await filesOf(analysis('org/a_model'), 'spectrum')) as Record<string, string>;
    expect(Object.keys(files)).toEqual(['snr_results_org-a-model.json']);
    expect(JSON.parse(Object.values(files)[0]!)).toEqual({
      'model.layers.0.mlp.down_proj': { snr: 0.5, type: 'mlp.down_proj' },
    });
    expect(await notesOf(analysis('org/a_model'), 'spectrum')).toEqual([
      expect.stringMatching(/its spectrum_model_name: org\/a_model$/),
      expect.stringMatching(/^1 of 2 projections have no finite snr/),
      expect.stringMatching(/^1 parts of fused projections are left out/),
    ]);
  });

  // The plugin looks for the name with every / and _ replaced by -.
  it.each([
    ['hf://Qwen/Qwen2.5-1.5B_x@main', 'snr_results_Qwen-Qwen2.5-1.5B-x.json'],
    ['./models/a', 'snr_results_.-models-a.json'],
    ['C:\\models\\a', 'snr_results_C--models-a.json'],
  ])('of %s are called %s', async (source, name) => {
    expect(Object.keys(await filesOf(analysis(source), 'spectrum'))).toEqual([name]);
  });

  it('need the metric', async () => {
    await expect(filesOf(analysisOf([rows[1]!]), 'spectrum')).rejects.toThrow(
      /no projection of this analysis has the metric snr: alphalora analyze/,
    );
  });
});

describe('unfrozen_parameters of a selection', () => {
  it('are the embeddings, the head and what is selected', async () => {
    const text = await filesOf(selectionAllocation(llamaLike), 'spectrum');
    const { unfrozen_parameters: patterns } = parse(text as string);
    expect(patterns.slice(0, 2)).toEqual(['^lm_head.weight$', '^model.embed_tokens.weight$']);
    expect(patterns).toHaveLength(2 + 5);
    expect(patterns).not.toContain('^model.layers.2.mlp.up_proj.(weight|bias)$');
  });

  it.each([
    [
      ['bert.embeddings.word_embeddings.weight', 'bert.pooler.dense.weight'],
      1,
      /the first line to/,
    ],
    [['lm_head.weight', 'model.embed_tokens.weight'], 2, /the first 2 lines to/],
    // Tied: the head is the embedding.
    [['model.embed_tokens.weight'], 1, /the first line to/],
    [['pooler.dense.weight'], 0, /stay frozen$/],
  ])('have no line for what the model lacks, beside %j', async (others, count, note) => {
    const selection = { ...selectionAllocation(llamaLike), model: { source: 'x', others } };
    const { unfrozen_parameters: patterns } = parse(
      (await filesOf(selection, 'spectrum')) as string,
    );
    expect(patterns.slice(0, count)).toEqual(others.slice(0, count).map((name) => `^${name}$`));
    expect(patterns).toHaveLength(count + 5);
    expect((await notesOf(selection, 'spectrum'))[0]).toMatch(note);
  });

  it('tell of experts that transformers fuses', async () => {
    const selection = selectionAllocation([['model.layers.0.mlp.experts.3.up_proj.weight', 0, 1]]);
    expect((await notesOf(selection, 'spectrum'))[1]).toMatch(/transformers 5 fuses the experts/);
  });

  it('tell that a multimodal model has other names in memory', async () => {
    const model = { source: 'x', architecture: 'LlavaForConditionalGeneration' };
    const selection = { ...selectionAllocation(llamaLike), model };
    expect((await notesOf(selection, 'spectrum'))[1]).toMatch(/model\.named_parameters\(\)/);
  });

  it.each([
    [
      'a part of a stored tensor',
      selectionAllocation([['h.0.experts.up[3]', 0, 1]]),
      /is a part of a stored tensor, and spectrum takes whole modules/,
    ],
    ['nothing', selectionAllocation([['h.0.up.weight', 0, 0]]), /no projection .* is selected/],
    ['blocks without names', valueAllocation('selection', [1]), /needs the names/],
  ])('refuse %s', async (_, allocation, message) => {
    await expect(filesOf(allocation, 'spectrum')).rejects.toThrow(message);
  });
});

it('adapters are of the selected modules alone, and the note says which rank they have', async () => {
  const selection = selectionAllocation(llamaLike);
  const files = (await filesOf(selection, 'peft')) as Record<string, string>;
  const config = JSON.parse(files['adapter_config.json']!);
  expect(config.target_modules).toHaveLength(5);
  expect(config.target_modules.join()).not.toContain('layers.2.mlp');
  expect([config.r, config.rank_pattern]).toEqual([8, {}]);
  expect(await notesOf(selection, 'peft')).toEqual([
    'a selection says which modules are adapted, not their rank: all have 8 here; to train the selected ' +
      'weights themselves and freeze the rest, take the format spectrum or soup',
    '1 of 6 modules are not selected and get no adapter',
    expect.stringMatching(/in 5 modules: /),
  ]);
});
