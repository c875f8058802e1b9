import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import { describe, expect, it } from 'vitest';
import { escapeText, html, trusted } from './html.js';

describe('html', () => {
  it('escapes values, leaves markup, drops what is absent', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<p title="${`"'`}">${inner}${undefined}${false}${[1, '<', inner]}</p>`.markup).toBe(
      '<p title="&quot;&#39;"><b>a &amp; b</b>1&lt;<b>a &amp; b</b></p>',
    );
    expect(html`${trusted('<i>')}`.markup).toBe('<i>');
  });

  it('gives any text back through a parser, in text and in attributes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const errors: string[] = [];
        const markup = html`<p title="${text}">x${text}</p>`.markup;
        const { childNodes } = parseFragment(markup, {
          onParseError: ({ code }) => errors.push(code),
        });
        const [paragraph] = childNodes as DefaultTreeAdapterTypes.Element[];
        const allowed = [...text].map((character) =>
          isForbidden(character.codePointAt(0)!) ? '\uFFFD' : character,
        );
        expect(errors).toEqual([]);
        expect(paragraph!.attrs[0]!.value).toBe(allowed.join(''));
        expect((paragraph!.childNodes[0] as DefaultTreeAdapterTypes.TextNode).value).toBe(
          `x${allowed.join('')}`,
        );
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('replaces what HTML forbids', () => {
    expect(escapeText('a\u0000b\u001Bc\uD800d\uFFFEe\tf\ng\u0085')).toBe(
      'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\tf\ng\uFFFD',
    );
  });
});

/** Surrogates, noncharacters and controls but tab and line feed, by the lists of the HTML standard. */
function isForbidden(code: number): boolean {
  if (code === 9 || code === 10) return false;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  if (code >= 0xd800 && code < 0xe000) return true;
  return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}
