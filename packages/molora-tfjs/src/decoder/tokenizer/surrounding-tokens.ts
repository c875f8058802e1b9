/**
 * The tokens around a text: those that the post-processor of tokenizer.json puts before and after a single
 * one, as the Rust library does (`processors/` of huggingface/tokenizers).
 *
 * tokenizer_config.json has a say in what begins it, `add_bos_token`. What transformers makes of it differs by
 * `tokenizer_class` and by version, which was found by running versions 4.57 and 5.24: 4 builds the
 * post-processor of some classes anew from it; 5 follows tokenizer.json but for two classes. Where these
 * lead to different tokens, which ones the model was trained with cannot be known.
 */
import { type Part, refuse } from './part.js';

/** Ids. */
export interface SurroundingTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** @throws UnsupportedPart */
export function surroundingTokens(processor: Part | null | undefined): SurroundingTokens {
  const parts = processors(processor).filter(({ type }) => type !== 'ByteLevel');
  // The Rust library gives up, or puts tokens between those of the template.
  if (parts.slice(0, -1).some(({ type }) => type === 'TemplateProcessing'))
    refuse('a TemplateProcessing with another post-processor after it');
  const added = parts.map(tokensOf);
  // Each surrounds what those before it made.
  return {
    before: added.toReversed().flatMap(({ before }) => before),
    after: added.flatMap(({ after }) => after),
  };
}

function processors(part: Part | null | undefined): Part[] {
  if (!part) return [];
  return part['type'] === 'Sequence' ? (part['processors'] as Part[]).flatMap(processors) : [part];
}

function tokensOf(part: Part): SurroundingTokens {
  const idOf = (name: string): number => (part[name] as [string, number])[1];
  switch (part['type']) {
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [idOf('cls')], after: [idOf('sep')] };
    case 'TemplateProcessing':
      return templateTokens(part);
    default:
      return refuse(`the post-processor ${part['type']}`);
  }
}

interface Piece {
  readonly SpecialToken?: { readonly id: string };
  readonly Sequence?: { readonly id: string };
}

function templateTokens(template: Part): SurroundingTokens {
  const pieces = template['single'] as readonly Piece[];
  const tokens = template['special_tokens'] as Readonly<Record<string, { ids: number[] }>>;
  const texts = pieces.flatMap(({ Sequence }) => (Sequence ? [Sequence.id] : []));
  if (texts.join() !== 'A') refuse('a post-processor that does not have the text once');
  const text = pieces.findIndex(({ Sequence }) => Sequence);
  const idsOf = (some: readonly Piece[]): number[] =>
    some.flatMap(({ SpecialToken }) => tokens[SpecialToken!.id]!.ids);
  return { before: idsOf(pieces.slice(0, text)), after: idsOf(pieces.slice(text + 1)) };
}

/** Neither version of transformers heeds `add_bos_token` of these classes. */
const heedless = /^(TokenizersBackend|PreTrainedTokenizerFast|(GPT2|Qwen2)Tokenizer(Fast)?)$/;

/** Whether these begin a text with `bos_token` in version 5, whatever tokenizer.json has. */
const always: readonly [RegExp, boolean][] = [
  [/^CodeLlamaTokenizer(Fast)?$/, true],
  [/^GPTNeoXTokenizer(Fast)?$/, false],
];

/**
 * @param begin what tokenizer.json has
 * @param bos the id of `bos_token`, where there is one
 * @returns what of tokenizer_config.json asks for other tokens; undefined where nothing does
 */
export function contradiction(
  begin: readonly number[],
  bos: number | undefined,
  config: Part,
): string | undefined {
  const { tokenizer_class: name = '', add_bos_token: setting } = config;
  const agrees = (adds: boolean): boolean =>
    begin.length === Number(adds) && (!adds || bos === undefined || begin[0] === bos);
  const heeded = typeof setting === 'boolean' && !heedless.test(String(name));
  if (heeded && !agrees(setting)) return `add_bos_token ${setting}`;
  const fixed = always.find(([pattern]) => pattern.test(String(name)));
  return fixed && !agrees(fixed[1]) ? `tokenizer_class ${name}` : undefined;
}
