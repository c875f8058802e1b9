/**
 * The dictionary in the header of an array: a literal of Python, of which strings, truth values, whole
 * numbers, tuples, lists and dictionaries are known. It is parsed, never evaluated.
 */

export interface ArrayHeader {
  /** The type, such as `<f4`; undefined for records, which have a list. */
  readonly descr: string | undefined;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

type Literal = string | boolean | number | Literal[] | Map<Literal, Literal>;

// Python 2 wrote long integers with an L.
const token = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|(\d+)L?(?!\w)|([(){}[\],:]))/y;
const DEEPEST = 8;

/** @returns undefined for what is no such header */
export function parseHeader(text: string): ArrayHeader | undefined {
  const tokens = tokensOf(text);
  const parsed = tokens && parse(tokens, 0, 0);
  if (!parsed || parsed.next !== tokens.length || !(parsed.value instanceof Map)) return undefined;
  const descr = parsed.value.get('descr');
  const fortranOrder = parsed.value.get('fortran_order');
  const shape = parsed.value.get('shape');
  if (parsed.value.size !== 3 || typeof fortranOrder !== 'boolean') return undefined;
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length))) {
    return undefined;
  }
  if (typeof descr !== 'string' && !Array.isArray(descr)) return undefined;
  return {
    descr: typeof descr === 'string' ? descr : undefined,
    fortranOrder,
    shape: shape as number[],
  };
}

/** A literal, or what stands between them. */
type Token = { readonly value: string | boolean | number } | string;

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (token.lastIndex = 0; token.lastIndex < end; ) {
    const match = token.exec(text);
    if (!match) return undefined;
    const [, single, double, truth, digits, sign] = match;
    if (sign !== undefined) tokens.push(sign);
    else if (truth !== undefined) tokens.push({ value: truth === 'True' });
    else if (digits !== undefined) tokens.push({ value: Number(digits) });
    else tokens.push({ value: single ?? double! });
  }
  return tokens;
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function parse(
  tokens: readonly Token[],
  at: number,
  depth: number,
): { value: Literal; next: number } | undefined {
  const first = tokens[at];
  if (first === undefined || depth > DEEPEST) return undefined;
  if (typeof first !== 'string') return { value: first.value, next: at + 1 };
  const close = closing[first];
  if (close === undefined) return undefined;
  const items: Literal[] = [];
  const map = new Map<Literal, Literal>();
  let next = at + 1;
  while (tokens[next] !== close) {
    const item = parse(tokens, next, depth + 1);
    if (!item) return undefined;
    next = item.next;
    if (close === '}') {
      const value = tokens[next] === ':' ? parse(tokens, next + 1, depth + 1) : undefined;
      if (!value || map.has(item.value)) return undefined;
      map.set(item.value, value.value);
      next = value.next;
    } else items.push(item.value);
    if (tokens[next] === ',') next++;
    else if (tokens[next] !== close) return undefined;
  }
  return { value: close === '}' ? map : items, next: next + 1 };
}
