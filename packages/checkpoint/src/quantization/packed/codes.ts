/**
 * Codes of 1 to 8 bits that lie packed in bytes as one stream: the first code in the lowest bits of the
 * first byte, codes that do not fit into what is left of a byte going on in the next one. Words of 32 bits,
 * little-endian, hold the same stream.
 */

/** Fills `codes` from a stream that begins with `bytes`. */
export function unpackCodes(bytes: Uint8Array, bits: number, codes: Uint8Array): void {
  const count = codes.length;
  if (bits === 8) {
    codes.set(bytes.subarray(0, count));
    return;
  }
  if (bits === 4) {
    const pairs = count >> 1;
    for (let i = 0; i < pairs; i++) {
      const byte = bytes[i]!;
      codes[2 * i] = byte & 15;
      codes[2 * i + 1] = byte >> 4;
    }
    if (count % 2 === 1) codes[count - 1] = bytes[pairs]! & 15;
    return;
  }
  const mask = (1 << bits) - 1;
  for (let i = 0, at = 0, left = 0, buffer = 0; i < count; i++) {
    if (left < bits) {
      buffer |= bytes[at++]! << left;
      left += 8;
    }
    codes[i] = buffer & mask;
    buffer >>= bits;
    left -= bits;
  }
}

/** Codes of four bits, of which the first one of a byte is in its upper half. */
export function unpackUpperFirst(bytes: Uint8Array, codes: Uint8Array): void {
  const pairs = codes.length >> 1;
  for (let i = 0; i < pairs; i++) {
    const byte = bytes[i]!;
    codes[2 * i] = byte >> 4;
    codes[2 * i + 1] = byte & 15;
  }
  if (codes.length % 2 === 1) codes[2 * pairs] = bytes[pairs]! >> 4;
}

/**
 * Fills `codes` with code `index` of each of as many streams of words, which lie side by side: successive
 * words are those of successive streams.
 */
export function unpackAcross(
  words: Int32Array,
  index: number,
  bits: number,
  codes: Uint8Array,
): void {
  const mask = (1 << bits) - 1;
  const count = codes.length;
  const bit = (index * bits) % 32;
  const from = ((index * bits - bit) / 32) * count;
  if (bit + bits <= 32) {
    for (let i = 0; i < count; i++) codes[i] = (words[from + i]! >>> bit) & mask;
    return;
  }
  const next = from + count;
  for (let i = 0; i < count; i++) {
    codes[i] = ((words[from + i]! >>> bit) | (words[next + i]! << (32 - bit))) & mask;
  }
}
