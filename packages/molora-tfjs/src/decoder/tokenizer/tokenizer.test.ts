import { describeUnless } from '@alphalora/testing/lacking';
import { sharedJson, sharedLacks } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import { goldenLogits } from '../../test-support/reference.js';
import { tokenizerCases } from '../../test-support/tokenizer-cases.js';
import { createTokenizer } from './tokenizer.js';

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
  it('begins a text as tokenizer.json does', () => {
    const { post_processor: _, ...plain } = words;
    const begun = createTokenizer(words, { bos_token: '<s>', eos_token: { content: 'two' } });
    expect(begun.encode('one two')).toEqual([0, 2, 3]);
    expect(begun.encode('one two', { begin: false })).toEqual([2, 3]);
    expect(begun).toMatchObject({ beginTokens: [0], endToken: 3, size: 4 });
    const other = createTokenizer(plain, { bos_token: '<s>' });
    expect(other.encode('one')).toEqual([2]);
    expect(other.beginTokens).toEqual([]);
  });

  describe('and tokenizer_config.json', () => {
    const nothing = { type: 'ByteLevel' };
    const several = {
      ...words.post_processor,
      single: ['<s>', 'two']
        .map((id): object => ({ SpecialToken: { id, type_id: 0 } }))
        .concat({ Sequence: { id: 'A', type_id: 0 } }),
      special_tokens: { '<s>': { ids: [0] }, two: { ids: [3] } },
    };
    const bos = words.post_processor;
    const llama = { tokenizer_class: 'LlamaTokenizerFast' };
    const generic = { tokenizer_class: 'PreTrainedTokenizerFast' };

    // As transformers 4.57 and 5.24 both do.
    it.each([
      [bos, { ...llama, add_bos_token: true }, [0]],
      [nothing, { ...llama, add_bos_token: false }, []],
      [bos, { ...generic, add_bos_token: false }, [0]],
      [nothing, { ...generic, add_bos_token: true }, []],
      [several, { ...generic, add_bos_token: true }, [0, 3]],
      [several, { tokenizer_class: 'GPT2Tokenizer', add_bos_token: false }, [0, 3]],
      [several, { tokenizer_class: 'Qwen2TokenizerFast', add_bos_token: false }, [0, 3]],
      [several, { ...generic, bos_token: undefined }, [0, 3]],
      [bos, { tokenizer_class: 'CodeLlamaTokenizer' }, [0]],
      [nothing, { tokenizer_class: 'GPTNeoXTokenizer' }, []],
    ])('agree: %j, %j', (post_processor, settings, expected) => {
      const config = { bos_token: '<s>', ...settings };
      expect(createTokenizer({ ...words, post_processor }, config).beginTokens).toEqual(expected);
    });

    // There, one of the versions does as the former, the other or none as the latter.
    it.each([
      [nothing, { ...llama, add_bos_token: true }, 'add_bos_token true', 'no token'],
      [bos, { ...llama, add_bos_token: false }, 'add_bos_token false', '<s>'],
      [bos, { add_bos_token: false }, 'add_bos_token false', '<s>'],
      [several, { ...llama, add_bos_token: true }, 'add_bos_token true', '<s> two'],
      [bos, { ...llama, add_bos_token: true, bos_token: 'two' }, 'add_bos_token true', '<s>'],
      [nothing, { add_bos_token: true, bos_token: null }, 'add_bos_token true', 'no token'],
      [nothing, { tokenizer_class: 'CodeLlamaTokenizer' }, 'class CodeLlamaTokenizer', 'no token'],
      [bos, { tokenizer_class: 'GPTNeoXTokenizerFast' }, 'class GPTNeoXTokenizerFast', '<s>'],
    ])('contradict each other: %j, %j', (post_processor, settings, asked, begun) => {
      const config = { bos_token: '<s>', ...settings };
      expect(() => createTokenizer({ ...words, post_processor }, config)).toThrow(
        expect.objectContaining({
          code: 'UNSUPPORTED_CHECKPOINT',
          message: expect.stringMatching(
            new RegExp(`^tokenizer_config.json has .*${asked}, but .* with ${begun}: save`),
          ),
        }),
      );
    });
  });

  it.each([null, [], 'text', {}, { model: [] }])('refuses %j', (wrong) => {
    expect(() => createTokenizer(wrong)).toThrow(
      expect.objectContaining({ code: 'INVALID_CHECKPOINT' }),
    );
  });

  it.each([-1, 1.5, 2 ** 24, Number('1e999'), '2', null, undefined])('refuses the id %s', (id) => {
    const vocab = { ...words.model.vocab, two: id };
    const added_tokens = [{ ...words.added_tokens[0], id }];
    for (const wrong of [{ model: { ...words.model, vocab } }, { added_tokens }]) {
      expect(() => createTokenizer({ ...words, ...wrong })).toThrow(
        expect.objectContaining({
          code: 'INVALID_CHECKPOINT',
          message: expect.stringContaining('a token with the id'),
        }),
      );
    }
  });

  it('refuses what shows only when a text is encoded', () => {
    const failure = {
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(/^tokenizer.json /),
    };
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    for (const ids of [deep, ['x'], [0.5], [null]]) {
      const special_tokens = { '<s>': { id: '<s>', ids, tokens: ['<s>'] } };
      const post_processor = { ...words.post_processor, special_tokens };
      expect(() => createTokenizer({ ...words, post_processor }).encode('one')).toThrow(
        expect.objectContaining(failure),
      );
    }
  });

  it('decodes no tokens to no text', () => {
    expect(createTokenizer(words).decode([])).toBe('');
  });

  it.each(['WordPiece', 'WordLevel'])(
    'refuses a %s model without its unknown token: Python throws "Missing [UNK] token"',
    (type) => {
      const model = { ...words.model, type, unk_token: '[UNK]' };
      expect(() => createTokenizer({ ...words, model })).toThrow(
        /unk_token is not in its vocabulary/,
      );
    },
  );

  it('refuses components that it cannot compute', () => {
    expect(() => createTokenizer({ ...words, pre_tokenizer: { type: 'Telepathy' } })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_CHECKPOINT' }),
    );
  });
});

describe("the tokenizers of Python's library", () => {
  const { strings, surrounded, cases } = tokenizerCases();
  const computed = cases.filter(({ refused }) => refused === undefined);
  const refused = cases.filter(({ refused }) => refused !== undefined);

  it('are of every kind, over hundreds of texts', () => {
    expect(strings.length).toBeGreaterThan(200);
    expect(computed.length).toBeGreaterThan(70);
    expect(refused.length).toBeGreaterThan(40);
  });

  it.each(computed)(
    'are the same here: $name',
    ({ tokenizer, ids, special, runs, texts, name }) => {
      const own = createTokenizer(tokenizer);
      for (const [i, expected] of ids.entries()) {
        if (expected === null) continue;
        const text = strings[i]!;
        expect([text, own.encode(text, { begin: false }).join(' ')]).toEqual([text, expected]);
      }
      for (const [i, expected] of special.entries()) {
        if (expected === null) continue;
        const [before, text, after] = expected;
        expect(own.encode(surrounded[i]!)).toEqual([...before, ...text]);
        expect(own).toMatchObject({ beginTokens: before, closingTokens: after });
      }
      // There, special tokens that are normalized are not taken for special when they are decoded.
      if (name === 'added normalized llama') return;
      for (const [i, expected] of texts.entries())
        if (expected !== null) expect([i, own.decode(runs[i]!)]).toEqual([i, expected]);
    },
  );

  it.each(refused)('are refused by what they use: $name', ({ tokenizer, refused }) => {
    expect(() => createTokenizer(tokenizer)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(new RegExp(`^tokenizer.json uses .*${refused}`)),
      }),
    );
  });
});

describeUnless(sharedLacks('data'), 'real tokenizers', () => {
  it.each(goldenLogits())('$checkpoint: "$text"', ({ checkpoint, text, ids }) => {
    const tokenizer = createTokenizer(
      sharedJson(`data/${checkpoint}/tokenizer.json`),
      sharedJson(`data/${checkpoint}/tokenizer_config.json`),
    );
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer).toMatchObject({ beginTokens: [1], endToken: 2 });
  });
});
