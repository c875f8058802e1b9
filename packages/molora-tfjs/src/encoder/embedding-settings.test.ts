/** The files of sentence-transformers, of all versions. */
import { describe, expect, it } from 'vitest';
import { embeddingSettings, sentenceModules } from './embedding-settings.js';

const former = [
  { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
  { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
];
const now = [
  { path: '', type: 'sentence_transformers.base.modules.transformer.Transformer' },
  { path: '1_Pooling', type: 'sentence_transformers.sentence_transformer.modules.pooling.Pooling' },
];
const config = { maxPositions: 512 };

describe('sentenceModules', () => {
  it('reads the names of both versions', () => {
    const folders = { transformer: '', pooling: '1_Pooling' };
    expect(sentenceModules(former)).toEqual({ ...folders, unit: true });
    expect(sentenceModules(now)).toEqual({ ...folders, unit: false });
  });

  it.each([
    [[...now, { path: '2_Dense', type: 'sentence_transformers.models.Dense' }], /Pooling, Dense:/],
    [now.slice(0, 1), /Transformer:/],
    [now.toReversed(), /Pooling, Transformer:/],
    [[], /nothing/],
  ])('refuses other modules: %j', (modules, message) => {
    expect(() => sentenceModules(modules)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(message),
      }),
    );
  });

  it.each(['..', '../x', '/etc', 'a/../../b', 'a\\b'])('refuses the folder %s', (path) => {
    expect(() => sentenceModules([{ ...now[0], path }, now[1]])).toThrow(
      expect.objectContaining({ code: 'INVALID_CHECKPOINT' }),
    );
  });

  it.each([null, {}, [1], [{ type: 1, path: '' }]])('refuses %j', (json) => {
    expect(() => sentenceModules(json)).toThrow(
      expect.objectContaining({ code: 'INVALID_CHECKPOINT' }),
    );
  });
});

describe('embeddingSettings', () => {
  const modules = sentenceModules(former);
  const settings = (files: object) => embeddingSettings(modules, files, config);

  it.each([
    [{ pooling_mode: 'cls' }, 'cls'],
    [{ pooling_mode: ['mean'] }, 'mean'],
    [{ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }, 'cls'],
    [{ pooling_mode_mean_tokens: true, pooling_mode_mean_sqrt_len_tokens: false }, 'mean'],
    [{ word_embedding_dimension: 384 }, 'mean'],
    [{ pooling_mode: 'cls', pooling_mode_mean_tokens: true }, 'cls'],
  ])('reads the pooling %j', (pooling, expected) => {
    expect(settings({ pooling }).pooling).toBe(expected);
  });

  it.each([
    [{ pooling_mode: 'lasttoken' }, /lasttoken/],
    [{ pooling_mode: ['mean', 'max'] }, /mean with max/],
    [{ pooling_mode_max_tokens: true }, /max/],
    [{ pooling_mode_mean_sqrt_len_tokens: true }, /mean_sqrt_len/],
  ])('refuses the pooling %j', (pooling, message) => {
    expect(() => settings({ pooling })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('refuses a pooling without its file', () => {
    expect(() => settings({})).toThrow(expect.objectContaining({ code: 'INVALID_CHECKPOINT' }));
  });

  it('takes the limit of tokens from the first file that has one, and never beyond the positions', () => {
    const pooling = { pooling_mode: 'mean' };
    const limit = (files: object): number => settings({ pooling, ...files }).maxTokens;
    expect(limit({})).toBe(512);
    expect(limit({ tokenizer: { model_max_length: 128 } })).toBe(128);
    expect(limit({ tokenizer: { model_max_length: 1e30 } })).toBe(512);
    const tokenizer = { model_max_length: 128 };
    expect(limit({ tokenizer, sentence: { max_seq_length: 256 } })).toBe(256);
    expect(limit({ tokenizer, sentence: { max_seq_length: null } })).toBe(128);
  });

  it('puts the prompt before texts that the model has by default', () => {
    const pooling = { pooling_mode: 'cls' };
    const prompts = { prompts: { query: 'q: ', other: '' }, default_prompt_name: 'query' };
    expect(settings({ pooling, prompts }).prompt).toBe('q: ');
    expect(settings({ pooling, prompts: { ...prompts, default_prompt_name: null } }).prompt).toBe(
      '',
    );
    expect(() => settings({ pooling, prompts: { default_prompt_name: 'query' } })).toThrow(/query/);
    expect(() => settings({ pooling: { ...pooling, include_prompt: false }, prompts })).toThrow(
      /include_prompt/,
    );
  });

  it('is the mean without any of the files', () => {
    expect(embeddingSettings(undefined, {}, config)).toEqual({
      ...{ pooling: 'mean', unit: false, maxTokens: 512, prompt: '', lowercase: false },
    });
  });
});
