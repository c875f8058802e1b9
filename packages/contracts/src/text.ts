/** Text of people's files: UTF-8 alone, as nothing tells other encodings apart for certain. */
import { type AlphaLoraError, errorIn } from './errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text as it stands: nothing is replaced, and a byte order mark stays.
 *
 * @param bytes of a whole file
 * @param name of the file, for messages
 * @throws AlphaLoraError `INVALID_DOCUMENT` where it is not UTF-8, or has a NUL byte; the message has the
 *   position from 0 and the line from 1
 *
 *     decodeText(Uint8Array.of(0xc3, 0xa9), 'a.txt'); // 'é'
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (mark === 0xfffe || mark === 0xfeff) throw refused(name, 'it is UTF-16, not UTF-8');
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    throw refused(name, `it is not text, or not UTF-8: a NUL byte at ${placeOf(bytes, nul)}`);
  }
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const at = firstInvalid(bytes);
    if (at === undefined) throw cause;
    throw refused(name, `it is not UTF-8 (${placeOf(bytes, at)})`, cause);
  }
}

/** The first byte that is decoded to a replacement character which is not there itself. */
function firstInvalid(bytes: Uint8Array): number | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let at = 0;
  let from = 0;
  for (;;) {
    const found = text.indexOf('\ufffd', from);
    if (found === -1) return undefined;
    at += new TextEncoder().encode(text.slice(from, found)).length;
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at;
    at += 3;
    from = found + 1;
  }
}

function placeOf(bytes: Uint8Array, at: number): string {
  let line = 1;
  for (let i = bytes.indexOf(10); i !== -1 && i < at; i = bytes.indexOf(10, i + 1)) line++;
  return `byte ${at}, line ${line}`;
}

function refused(name: string, what: string, cause?: unknown): AlphaLoraError {
  return errorIn('INVALID_DOCUMENT', name, `${what}: save it as UTF-8`, { cause });
}
