/** The tokenizer of BERT from its list of tokens alone, in the words of tokenizer.json. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';

const name = v.optional(
  v.union([
    v.string(),
    v.pipe(
      v.object({ content: v.string() }),
      v.transform(({ content }) => content),
    ),
  ]),
);
const schema = v.looseObject({
  do_lower_case: v.nullish(v.boolean(), true),
  tokenize_chinese_chars: v.nullish(v.boolean(), true),
  strip_accents: v.nullish(v.boolean()),
  unk_token: name,
  sep_token: name,
  pad_token: name,
  cls_token: name,
  mask_token: name,
});

/**
 * @param text `vocab.txt`: a token a line, of which the first has the id 0
 * @param config the parsed tokenizer_config.json. @default none
 * @throws AlphaLoraError `INVALID_CHECKPOINT` where a special token is not in the list, or a setting is of
 *   another kind than it should be
 */
export function vocabularyTokenizer(text: string, config: unknown = {}): object {
  const parsed = v.safeParse(schema, config);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `tokenizer_config.json: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`,
    );
  }
  const settings = parsed.output;
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const ids = new Map(lines.map((token, id) => [token, id]));
  const special = {
    unk: settings.unk_token ?? '[UNK]',
    sep: settings.sep_token ?? '[SEP]',
    pad: settings.pad_token ?? '[PAD]',
    cls: settings.cls_token ?? '[CLS]',
    mask: settings.mask_token ?? '[MASK]',
  };
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id !== undefined) return id;
    throw new AlphaLoraError('INVALID_CHECKPOINT', `vocab.txt has no token ${token}`);
  };
  return {
    version: '1.0',
    added_tokens: Object.values(special).map((content) => ({
      ...{ id: idOf(content), content, special: true, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: settings.tokenize_chinese_chars,
      strip_accents: settings.strip_accents ?? null,
      lowercase: settings.do_lower_case,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'BertProcessing',
      sep: [special.sep, idOf(special.sep)],
      cls: [special.cls, idOf(special.cls)],
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: special.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}
