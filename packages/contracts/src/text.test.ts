import { describe, expect, it } from 'vitest';
import { decodeText } from './text.js';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('decodeText', () => {
  it.each<[string, Uint8Array, string]>([
    ['UTF-8', Buffer.from('café \ufffd 😀'), 'café \ufffd 😀'],
    ['a byte order mark', latin1('\xef\xbb\xbfa'), '\ufeffa'],
    ['nothing', new Uint8Array(), ''],
  ])('reads %s', (_, bytes, text) => {
    expect(decodeText(bytes, 'x')).toBe(text);
  });

  it.each<[string, Uint8Array, string]>([
    [
      'Latin-1',
      latin1('a\ncaf\xe9,b'),
      'x.csv: it is not UTF-8 (byte 5, line 2): save it as UTF-8',
    ],
    ['Latin-1 at the end', latin1('caf\xe9'), '(byte 3, line 1)'],
    ['what follows a replacement character', latin1('\n\xef\xbf\xbd\xff'), '(byte 4, line 2)'],
    ['a surrogate', latin1('a\xed\xa0\x80'), '(byte 1, line 1)'],
    ['little-endian UTF-16', Buffer.from('\ufeffab', 'utf16le'), 'x.csv: it is UTF-16, not UTF-8'],
    ['big-endian UTF-16', latin1('\xfe\xff\0a'), 'it is UTF-16, not UTF-8: save it as UTF-8'],
    ['UTF-16 without a mark', Buffer.from('ab', 'utf16le'), 'a NUL byte at byte 1, line 1'],
    ['NUL', latin1('a\n\n\0'), 'a NUL byte at byte 3, line 3'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeText(bytes, 'x.csv')).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });
});
