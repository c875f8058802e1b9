/**
 * Valid files with something wrong in them, the way a careless program, a disk or an attacker would
 * have it: fields dropped, doubled, retyped, extreme or nested; texts cut, bytes flipped.
 */
import fc from 'fast-check';

/** Stand for JSON that `JSON.stringify` does not write. */
const raw: Readonly<Record<string, string>> = {
  '@infinity': '1e999',
  '@minus-infinity': '-1e999',
  '@deep': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  '@deep-object': `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
};

/** Moves cursors, ends lines, turns the direction of writing. */
const control = '\x1b[2J\r\n\x9b\u202e\u2028\0';

const values = [
  ...[null, true, '', 'x', control, '__proto__', 'constructor', '\ud800', 'a'.repeat(20_000)],
  ...[0, -1, 1, 0.5, -0.5, 2, 3, 1e-320, 2 ** 31, 2 ** 32, 2 ** 53, 1e15, 1e20, 1e308, -1e308],
  ...[[], {}, [[]], [null], { markup: '<b>' }, Array.from({ length: 5000 }, () => 0)],
  ...Object.keys(raw),
];
const keys = ['__proto__', 'constructor', 'toString', 'length', '0', '', control, 'a.b', 'alpha'];

/** Of long lists, a few elements stand for all. */
const MOST_ELEMENTS = 3;

type Path = readonly (string | number)[];

interface Edit {
  path: Path;
  kind: 'replace' | 'drop' | 'double' | 'rename' | 'add' | 'scale';
  value: unknown;
  key: string;
  factor: number;
}

/** Texts made of a value that can be written as JSON: mostly still JSON, with one to three faults. */
export function mutatedJson(seed: unknown): fc.Arbitrary<string> {
  const paths = pathsOf(seed);
  const edit: fc.Arbitrary<Edit> = fc.record({
    path: fc.constantFrom(...paths),
    kind: fc.constantFrom('replace', 'replace', 'drop', 'double', 'rename', 'add', 'scale'),
    value: fc.constantFrom<unknown>(...values),
    key: fc.constantFrom(...keys),
    factor: fc.constantFrom(-1, 0, 1e-3, 1.5, 1e3, 1e9, 1e300),
  });
  const text = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const holder = { document: structuredClone(seed) };
    for (const one of edits) apply(holder, { ...one, value: structuredClone(one.value) });
    const written = JSON.stringify(holder.document) ?? '';
    return written.replace(/"(@[a-z-]+)"/g, (whole, name: string) => raw[name] ?? whole);
  });
  const damaged = fc
    .tuple(
      text,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('', '"', '}', '\ufeff', ','),
    )
    .map(([whole, at, piece]) => {
      const cut = Math.floor(at * whole.length);
      return piece === '' ? whole.slice(0, cut) : whole.slice(0, cut) + piece + whole.slice(cut);
    });
  return fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: damaged });
}

/** Bytes flipped, removed, doubled or cut off. */
export function mutatedBytes(seed: Uint8Array, first = seed.length): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(Math.min(first, seed.length) - 1),
    kind: fc.constantFrom('flip', 'flip', 'flip', 'cut', 'remove', 'double'),
    byte: fc.integer({ min: 1, max: 255 }),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes = Uint8Array.from(seed);
    for (const { at, kind, byte } of edits) {
      if (kind === 'cut') bytes = bytes.slice(0, at);
      else if (kind === 'flip' && at < bytes.length) bytes[at]! ^= byte;
      else if (kind !== 'flip') {
        const end = Math.min(bytes.length, at + byte);
        const from = kind === 'double' ? at : end;
        bytes = Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(from)]);
      }
    }
    return bytes;
  });
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value)
    ? value.slice(0, MOST_ELEMENTS).map((part, i) => [i, part] as const)
    : Object.entries(value);
  return [path, ...entries.flatMap(([key, part]) => pathsOf(part, [...path, key]))];
}

function apply(holder: { document: unknown }, { path, kind, value, key, factor }: Edit): void {
  const whole: Path = ['document', ...path];
  let owner: unknown = holder;
  for (const step of whole.slice(0, -1)) {
    if (typeof owner !== 'object' || owner === null) return;
    owner = Reflect.get(owner, step);
  }
  if (typeof owner !== 'object' || owner === null) return;
  const last = whole.at(-1)!;
  const define = (name: string | number, given: unknown): void => {
    const property = { value: given, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(owner, name, property);
  };
  const current: unknown = Reflect.get(owner, last);
  if (kind === 'replace') define(last, value);
  else if (kind === 'scale') {
    if (typeof current === 'number') define(last, current * factor);
  } else if (Array.isArray(owner)) {
    const at = Number(last);
    if (kind === 'drop') owner.splice(at, 1);
    else owner.splice(at, 0, kind === 'double' ? structuredClone(current) : value);
  } else if (path.length > 0) {
    if (kind === 'add') define(key, value);
    else if (kind !== 'double') {
      Reflect.deleteProperty(owner, last);
      if (kind === 'rename') define(key, current);
    }
  }
}
