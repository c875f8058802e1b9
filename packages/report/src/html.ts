/**
 * Markup as a value: a tagged template that escapes whatever it is given, so that no name or reason
 * from a document can become markup by being forgotten.
 */

/** Text that is markup already. Only {@link html} and {@link trusted} make it. */
export type { Html };

/** A class of its own, so that no data can pass for it. */
class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = string | number | Html | undefined | false | readonly Content[];

/** Markup with every value escaped, unless it is markup itself. Absent values leave nothing. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  let markup = strings[0]!;
  for (const [i, value] of values.entries()) markup += render(value) + strings[i + 1]!;
  return new Html(markup);
}

/** Markup written by this package: the style sheet, the script, the path of a curve. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  if (value instanceof Html) return value.markup;
  return value.map(render).join('');
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Safe in text and in quoted attributes. Characters that HTML forbids even as references (controls
 * other than tab and line feed, lone surrogates, noncharacters) become U+FFFD, as a parser would
 * make them.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => references[character]!)
    .replace(forbidden, '\uFFFD');
}

const forbidden = /[^\P{Cc}\t\n]|\p{Cs}|\p{Noncharacter_Code_Point}/gu;
