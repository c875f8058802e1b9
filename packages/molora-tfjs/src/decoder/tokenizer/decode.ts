/**
 * Decoders of @huggingface/tokenizers, where they differ from the Rust library's: a run of byte tokens
 * that is no UTF-8 is one replacement character a byte, a byte order mark is a character, and all marks
 * of spaces in the first token count as the beginning of the text.
 */
import type { Tokenizer } from '@huggingface/tokenizers';

type Decoder = NonNullable<Tokenizer['decoder']>;

/** In place. */
export function makeExact(decoder: Decoder | null): void {
  if (!decoder) return;
  if ('decoders' in decoder) (decoder.decoders as Decoder[]).forEach(makeExact);
  const config = decoder.config as Readonly<Record<string, unknown>>;
  if (config['type'] === 'ByteFallback') Object.assign(decoder, { text_decoder: { decode } });
  if (config['type'] === 'Metaspace') decoder.decode_chain = metaspaceDecoder(config);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return '\ufffd'.repeat(bytes.length);
  }
}

function metaspaceDecoder(
  config: Readonly<Record<string, unknown>>,
): (tokens: string[]) => string[] {
  const { replacement = '▁', prepend_scheme: scheme, add_prefix_space: prefix = true } = config;
  const keepsFirst = (scheme ?? (prefix ? 'always' : 'never')) === 'never';
  return (tokens) =>
    tokens.map((token, i) =>
      token.replaceAll(String(replacement), i === 0 && !keepsFirst ? '' : ' '),
    );
}
