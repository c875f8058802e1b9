/**
 * Which tokenizers are computed here as by the Rust library, huggingface/tokenizers, whose files they
 * are. A part is kept, rewritten into parts that mean the same in both libraries, or refused by name:
 * what would encode some texts to other tokens, silently, is worse than none.
 *
 * What differs was found by comparing the two, see `tokenizer.interop.test.ts`.
 */
import { bertNormalizer, lowercase } from './bert.js';
import { byteAlphabet, byteToken } from './characters.js';
import { type Part, refuse } from './part.js';
import { isSplitAt, preTokenizer, preTokenizers } from './pre-tokenizers.js';

/** @throws UnsupportedPart @returns tokenizer.json, rewritten where need be */
export function supportedTokenizer(json: Part): Part {
  const model = supportedModel(json['model'] as Part);
  const steps = normalizers(partOf(json, 'normalizer'));
  const gone = steps.at(-1);
  const pre = preTokenizers(partOf(json, 'pre_tokenizer')).filter(
    // Gemma splits at spaces after it has replaced them all.
    (part) => !(gone && isSplitAt(part, gone)),
  );
  const parts = pre.map(preTokenizer);
  const bytes = pre.some(({ type }) => type === 'ByteLevel');
  checkUnknown(model, bytes);
  const added = (json['added_tokens'] ?? []) as Array<{ content: string; id: number }>;
  checkIds([...vocabularyOf(model).values(), ...added.map(({ id }) => id)]);
  checkDecoded(json, added);
  return {
    ...json,
    added_tokens: added,
    model,
    normalizer: steps.length === 0 ? null : { type: 'Sequence', normalizers: steps },
    pre_tokenizer: parts.length === 0 ? null : { type: 'Sequence', pretokenizers: parts.flat() },
    // Its tokens are put before a text here, see `surrounding-tokens.ts`.
    post_processor: null,
    decoder: decoder(partOf(json, 'decoder')),
  };
}

/** More than any vocabulary has: the largest have a quarter of a million. */
const MOST_IDS = 2 ** 24;

/** Ids are places of lists, up to the largest: one that is out of range would take hours and all memory. */
function checkIds(ids: readonly unknown[]): void {
  const odd = ids.findIndex(
    (id) => !(Number.isInteger(id) && Number(id) >= 0 && Number(id) < MOST_IDS),
  );
  if (odd !== -1) throw new Error(`it has a token with the id ${JSON.stringify(ids[odd])}`);
}

function partOf(json: Part, name: string): Part | undefined {
  return (json[name] as Part | null | undefined) ?? undefined;
}

function supportedModel(model: Part): Part {
  // Files of early versions do not name the model; only BPE has merges.
  const type = model['type'] ?? (Array.isArray(model['merges']) ? 'BPE' : undefined);
  if (!['BPE', 'WordPiece', 'WordLevel', 'Unigram'].includes(type as string))
    refuse(type === undefined ? 'a model without a type' : `the model ${type}`);
  if (type === 'BPE') {
    if (model['dropout']) refuse('dropout of a BPE model, which encodes at random');
    if (model['continuing_subword_prefix']) refuse('continuing_subword_prefix of a BPE model');
  }
  if (type === 'Unigram' && typeof model['unk_id'] !== 'number')
    refuse('a Unigram model without unk_id');
  return { ...model, type };
}

/** Where some characters have no token, the libraries differ in what those beside them merge to. */
function checkUnknown(model: Part, overBytes: boolean): void {
  if (model['type'] === 'Unigram') return;
  const vocabulary = model['vocab'] as Record<string, number>;
  const has = (token: string): boolean => Object.hasOwn(vocabulary, token);
  if (model['type'] !== 'BPE') {
    // Python's encoding throws at the first word that it does not know.
    if (!has(String(model['unk_token'])))
      refuse(`a ${model['type']} model whose unk_token is not in its vocabulary`);
    return;
  }
  if (model['byte_fallback'] && !Array.from({ length: 256 }, (_, i) => byteToken(i)).every(has))
    refuse('byte_fallback of a BPE model that has no tokens for some bytes');
  const complete = overBytes ? byteAlphabet().every(has) : Boolean(model['byte_fallback']);
  if (!complete && !has(String(model['unk_token'])))
    refuse('a BPE model without unk_token that has no tokens for some characters');
}

/** Bytes of characters that stand for none would be zeros. */
function checkDecoded({ decoder, model }: Part, added: ReadonlyArray<{ content: string }>): void {
  if (!JSON.stringify(decoder ?? null).includes('"ByteLevel"')) return;
  const alphabet = new Set(byteAlphabet());
  const whole = new Set(added.map(({ content }) => content));
  const tokens = [...vocabularyOf(model as Part).keys()];
  const odd = tokens.find(
    (token) => !whole.has(token) && ![...token].every((c) => alphabet.has(c)),
  );
  if (odd !== undefined)
    refuse(`the decoder ByteLevel, but "${odd}" among its tokens is not bytes`);
}

/** Ids by token, without those that were added. */
export function vocabularyOf({ type, vocab }: Part): Map<string, number> {
  return new Map(
    type === 'Unigram'
      ? (vocab as Array<[string, number]>).map(([token], id) => [token, id])
      : Object.entries(vocab as Record<string, number>),
  );
}

function normalizers(part: Part | undefined): Part[] {
  if (!part) return [];
  switch (part['type']) {
    case 'Sequence':
      return (part['normalizers'] as Part[]).flatMap(normalizers);
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
    case 'Prepend':
      return [part];
    case 'Replace':
      return [replace('normalizer', part)];
    case 'Lowercase':
      return [...lowercase];
    case 'BertNormalizer':
      return bertNormalizer(part);
    default:
      return refuse(`the normalizer ${part['type']}`);
  }
}

function replace(kind: string, part: Part): Part {
  const { String: text } = part['pattern'] as { String?: string };
  if (text === undefined) refuse(`the ${kind} Replace with a regular expression`);
  // In JavaScript, $ stands for parts of what was found.
  return { ...part, content: String(part['content']).replaceAll('$', '$$$$') };
}

function decoder(part: Part | undefined): Part | null {
  if (!part) return null;
  switch (part['type']) {
    case 'Sequence':
      return { ...part, decoders: (part['decoders'] as Part[]).map(decoder) };
    case 'ByteLevel':
    case 'ByteFallback':
    case 'Fuse':
    case 'Metaspace':
    case 'WordPiece':
    case 'BPEDecoder':
      return part;
    case 'Replace':
      return replace('decoder', part);
    case 'Strip':
      if (part['stop']) refuse('the decoder Strip at the end of tokens');
      return part;
    default:
      return refuse(`the decoder ${part['type']}`);
  }
}
