/** Damaged and strange files: we accept what the reference implementation accepts, or have a reason. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memorySource } from '../../sources/memory.js';
import { f32, fileBytes, joined } from '../../test-support/files.js';
import { readHeader } from './header.js';

/** For each file: the names, types, shapes and bytes of its tensors, or why it is refused. */
const program = `
import json, struct, sys, safetensors
data = sys.stdin.buffer.read()
at = 0
while at < len(data):
  size, = struct.unpack_from('<I', data, at)
  try:
    found = safetensors.deserialize(data[at + 4:at + 4 + size])
    print(json.dumps([[n, t['dtype'], t['shape'], bytes(t['data']).hex()] for n, t in found]))
  except Exception as error:
    print(json.dumps(str(error)))
  at += 4 + size
`;

type Verdict = string | Array<[name: string, dtype: string, shape: number[], hex: string]>;

function theirs(files: readonly Uint8Array[]): Verdict[] {
  const input = joined(
    files.flatMap((bytes) => [new Uint8Array(Uint32Array.of(bytes.byteLength).buffer), bytes]),
  );
  return runPython(program, { input })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function ours(bytes: Uint8Array): Promise<Verdict> {
  try {
    const { tensors } = await readHeader(memorySource(bytes, 'm'));
    return tensors.map(({ name, dtype, shape, start, end }) => {
      return [name, dtype, [...shape], Buffer.from(bytes.subarray(start, end)).toString('hex')];
    });
  } catch (error) {
    if (!isAlphaLoraError(error)) throw error;
    return error.message;
  }
}

const sorted = (verdict: Verdict): Verdict =>
  typeof verdict === 'string' ? verdict : verdict.toSorted(([a], [b]) => (a < b ? -1 : 1));

/** What we refuse on purpose though the reference reads it. */
const stricter = /appears twice/;

const sound = fileBytes(
  {
    __metadata__: { k: 'v' },
    c: { dtype: 'BF16', shape: [1, 3], data_offsets: [12, 18] },
    b: f32([2, 1], 4, 12),
    a: f32([1], 0, 4),
  },
  Uint8Array.from({ length: 18 }, (_, i) => i),
);

const number = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 4, 8) },
  fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53),
);
const entry = fc.record({
  dtype: fc.constantFrom('F32', 'F32', 'U8', 'BF16', 'F8_E4M3', 'F4', 'F8_E8M0', 'C64', 'f32', 1),
  shape: fc.array(number, { maxLength: 2 }),
  data_offsets: fc.tuple(number, number),
});
/** Numbers as they can be written, of which only plain ones are counts. */
const written = (plain: string) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(plain) },
    fc.constantFrom('-0', '-0.0', '0.0', '0e0', `${plain}.0`, `${plain}e0`, `-${plain}`),
  );
const spelled = fc
  .tuple(written('0'), written('8'), written('2'))
  .map(([from, to, length]) =>
    fileBytes(`{"a-1.5":{"dtype":"F32","shape":[${length}],"data_offsets":[${from},${to}]}}`, 8),
  );
const structured = fc
  .tuple(fc.dictionary(fc.constantFrom('a', 'b', '', '__proto__'), entry, { maxKeys: 3 }), number)
  .map(([header, data]) => fileBytes(header, Math.max(0, Math.min(8, Math.floor(data)))));
/** Sound shapes and offsets, at most one of them changed. */
const nearly = fc
  .tuple(fc.array(fc.array(fc.nat(2), { maxLength: 3 }), { maxLength: 3 }), fc.nat(12), number)
  .map(([shapes, place, value]) => {
    let end = 0;
    const entries = shapes.map((shape) => {
      const from = end;
      end += 4 * shape.reduce((a, b) => a * b, 1);
      return { dtype: 'F32', shape, data_offsets: [from, end] };
    });
    const changed = entries[place % 4];
    if (changed) changed.data_offsets[place % 2] = value;
    return fileBytes(Object.fromEntries(entries.map((item, i) => [`t${i}`, item])), end);
  });
const edited = fc
  .array(fc.tuple(fc.nat(sound.byteLength - 1), fc.nat(2), fc.uint8Array({ maxLength: 2 })), {
    minLength: 1,
    maxLength: 2,
  })
  .map((edits) => {
    const bytes = [...sound];
    for (const [at, remove, insert] of edits) bytes.splice(at, remove, ...insert);
    return Uint8Array.from(bytes);
  });
const flipped = fc.tuple(fc.nat(sound.byteLength - 1), fc.nat(7)).map(([at, bit]) => {
  const bytes = sound.slice();
  bytes[at]! ^= 1 << bit;
  return bytes;
});

describeUnless(pythonLacks('safetensors'), 'the reference implementation of safetensors', () => {
  it.each([
    ['any entries', structured],
    ['nearly sound entries', nearly],
    ['numbers as they are written', spelled],
    ['edited bytes', edited],
    ['flipped bits', flipped],
  ])('judges files as we do: %s', async (_, arbitrary) => {
    const files = fc.sample(arbitrary, { seed: 7, numRuns: 2000 });
    const verdicts = theirs(files);
    expect(verdicts).toHaveLength(files.length);
    let accepted = 0;
    for (const [i, bytes] of files.entries()) {
      const our = await ours(bytes);
      const their = verdicts[i]!;
      const text = `${Buffer.from(bytes).toString('latin1')}\nours: ${our}\ntheirs: ${their}`;
      if (typeof our !== 'string') {
        accepted++;
        expect(sorted(their), text).toEqual(sorted(our));
      } else if (typeof their !== 'string') expect(our, text).toMatch(stricter);
    }
    expect(accepted).toBeGreaterThan(20);
  });
});
