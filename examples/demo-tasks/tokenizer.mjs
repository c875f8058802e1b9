/**
 * The tokenizer of the demo model: one token a character, in the format of Hugging Face tokenizers
 * (byte-pair encoding without merges). What is not one of the tasks' characters becomes `<unk>`.
 */
const special = ['<unk>', '<s>', '</s>'];
/** All that the tasks write. */
const characters = ' :>abcdefghijklmnopqrstuvwxyz0123456789+-()[]{}';

export const vocabularySize = 64;
export const [unknownToken, beginToken, endToken] = special.keys();

/** The content of tokenizer.json. */
export const tokenizer = {
  version: '1.0',
  added_tokens: special.map((content, id) => ({
    id,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  })),
  normalizer: null,
  pre_tokenizer: null,
  // Python's transformers begins a text by this alone, whatever tokenizer_config.json says.
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [special.indexOf('<s>')], tokens: ['<s>'] } },
  },
  decoder: { type: 'Fuse' },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: false,
    vocab: Object.fromEntries([...special, ...characters].map((token, id) => [token, id])),
    merges: [],
  },
};

/** The content of tokenizer_config.json. */
export const tokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  unk_token: '<unk>',
  bos_token: '<s>',
  eos_token: '</s>',
  add_bos_token: true,
};
