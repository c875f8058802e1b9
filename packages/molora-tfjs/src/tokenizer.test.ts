import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldenLogits, sharedFolder, withoutShared } from './test-support/reference.js';
import { tokenizerCases } from './test-support/tokenizer-cases.js';
import { createTokenizer } from './tokenizer.js';

const json = (path: string): unknown => JSON.parse(readFileSync(`${sharedFolder}/${path}`, 'utf8'));

/** Words of a made-up tokenizer. */
const words = {
  version: '1.0',
  added_tokens: [{ id: 0, content: '<s>', special: true }],
  normalizer: null,
  pre_tokenizer: { type: 'WhitespaceSplit' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  },
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: 'what',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '<s>': 0, what: 1, one: 2, two: 3 },
  },
};

describe('createTokenizer', () => {
  it('adds the begin token where tokenizer_config.json says so', () => {
    const settings = { bos_token: '<s>', eos_token: { content: 'two' } };
    const asked = createTokenizer(words, { ...settings, add_bos_token: true });
    expect(asked.encode('one two')).toEqual([0, 2, 3]);
    expect(asked.encode('one two', { begin: false })).toEqual([2, 3]);
    expect(asked).toMatchObject({ beginToken: 0, endToken: 3, size: 4 });
    const not = createTokenizer(words, { ...settings, add_bos_token: false });
    expect(not.encode('one two')).toEqual([2, 3]);
  });

  it('does as tokenizer.json does where nothing is said', () => {
    const silent = createTokenizer(words, { bos_token: '<s>' });
    expect(silent.encode('one')).toEqual([0, 2]);
    const { post_processor: _, ...plain } = words;
    const other = createTokenizer({ ...plain, post_processor: null }, { bos_token: '<s>' });
    expect(other.encode('one')).toEqual([2]);
  });

  it.each([null, [], 'text', {}, { model: [] }])('refuses %j', (wrong) => {
    expect(() => createTokenizer(wrong)).toThrow(
      expect.objectContaining({ code: 'INVALID_CHECKPOINT' }),
    );
  });

  it('decodes no tokens to no text', () => {
    expect(createTokenizer(words).decode([])).toBe('');
  });

  it('refuses components that it cannot compute', () => {
    expect(() => createTokenizer({ ...words, pre_tokenizer: { type: 'Telepathy' } })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_CHECKPOINT' }),
    );
  });
});

describe("the tokenizers of Python's library", () => {
  const { strings, cases } = tokenizerCases();
  const computed = cases.filter(({ refused }) => refused === undefined);
  const refused = cases.filter(({ refused }) => refused !== undefined);

  it('are of every kind, over hundreds of texts', () => {
    expect(strings.length).toBeGreaterThan(200);
    expect(computed.length).toBeGreaterThan(70);
    expect(refused.length).toBeGreaterThan(50);
  });

  it.each(computed)('are the same here: $name', ({ tokenizer, ids, runs, texts, name }) => {
    const own = createTokenizer(tokenizer);
    for (const [i, expected] of ids.entries()) {
      if (expected === null) continue;
      const text = strings[i]!;
      expect([text, own.encode(text, { begin: false }).join(' ')]).toEqual([text, expected]);
    }
    // There, special tokens that are normalized are not taken for special when they are decoded.
    if (name === 'added normalized llama') return;
    for (const [i, expected] of texts.entries())
      if (expected !== null) expect([i, own.decode(runs[i]!)]).toEqual([i, expected]);
  });

  it.each(refused)('are refused by what they use: $name', ({ tokenizer, refused }) => {
    expect(() => createTokenizer(tokenizer)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(new RegExp(`^tokenizer.json uses .*${refused}`)),
      }),
    );
  });
});

describe.skipIf(withoutShared !== '')(`real tokenizers${withoutShared}`, () => {
  it.each(goldenLogits())('$checkpoint: "$text"', ({ checkpoint, text, ids }) => {
    const tokenizer = createTokenizer(
      json(`data/${checkpoint}/tokenizer.json`),
      json(`data/${checkpoint}/tokenizer_config.json`),
    );
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer).toMatchObject({ beginToken: 1, endToken: 2 });
  });
});
