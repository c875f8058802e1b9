/** Characters and bytes as huggingface/tokenizers has them. */

/** `\w` of Rust's regex library, for expressions with the flag `u`: letters, marks, digits, joiners. */
export const wordCharacters: string = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;

/** The token of a byte where bytes stand in for characters without a token. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** Characters that stand for bytes in byte-level tokenizers, by byte (`bytes_to_unicode` of GPT-2). */
export function byteAlphabet(): string[] {
  const own = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(own(byte) ? byte : next++));
}
