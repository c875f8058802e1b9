/** What Python's json module reads of a configuration, or refuses, is read or refused in its dialect. */
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJsonObject } from './json.js';

const runs = Number(process.env['FUZZ_RUNS'] ?? 500);

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('NaN', 'Infinity', '-Infinity', 'null', 'true', '-0.0', '1e5', '12', '"NaN"'),
    fc.string({ unit: 'binary', maxLength: 4 }).map((text) => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    entries(tie('value')),
  ),
}));

/** Few keys, so that some are there twice, and some written in two ways. */
function entries(of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const key = fc.constantFrom('"a"', '"\\u0061"', '"b"', '"__proto__"', '"c\\"d"', '"Infinity"');
  return fc
    .array(fc.tuple(key, of), { maxLength: 4 })
    .map((pairs) => `{ ${pairs.map(([name, each]) => `${name}:\n${each}`).join(',')}\t}`);
}

/** A text, or one with a part of it gone, doubled or replaced. */
const texts = fc
  .tuple(
    fc.tuple(fc.constantFrom('', '', '\ufeff'), entries(value)).map(([mark, text]) => mark + text),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', '', '', 'NaN', '-', '"', '\\', ',', '}', '0', '\u0000', 'Infinity'),
    fc.boolean(),
  )
  .map(([text, at, length, instead, isChanged]) => {
    if (!isChanged) return text;
    const from = at % (text.length + 1);
    return text.slice(0, from) + instead + text.slice(from + length);
  });

const program = `
import json, math, sys
def plain(value):
    if isinstance(value, float): return value if math.isfinite(value) else None
    if isinstance(value, list): return [plain(v) for v in value]
    if isinstance(value, dict): return {k: plain(v) for k, v in value.items()}
    return value
def read(text):
    try: value = json.loads(text.encode('utf-8', 'surrogatepass'))
    except Exception: return 'refused'
    return plain(value) if isinstance(value, dict) else 'refused'
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const plain = (of: unknown): unknown => JSON.parse(JSON.stringify(of));

describeUnless(pythonLacks(), "Python's json.loads", () => {
  it('reads and refuses the same', () => {
    const sample = fc
      .sample(texts, { seed: 7, numRuns: runs })
      .filter((text) => !/\p{Cs}/u.test(text));
    const expected = JSON.parse(runPython(program, { input: JSON.stringify(sample) })) as unknown[];
    const seen = { read: 0, refused: 0, twice: 0 };
    for (const [i, text] of sample.entries()) {
      const notes: string[] = [];
      let found: unknown;
      try {
        const bytes = new TextEncoder().encode(text);
        found = parseJsonObject(bytes, 'c', {
          dialect: 'python',
          onNote: (note) => notes.push(note),
        });
        seen.read++;
      } catch {
        found = 'refused';
        seen.refused++;
      }
      // Python's integers have no second zero.
      expect([text, plain(found)]).toEqual([text, plain(expected[i])]);
      if (notes.length > 0) seen.twice++;
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(runs / 20);
  });
});
