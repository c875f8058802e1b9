/** Whatever the bytes: a right answer or a tagged error, and nothing asked for that is not there. */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint } from '../../checkpoint.js';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import { f32, fileBytes } from '../../test-support/files.js';
import { elementCount } from '../../values/sizes.js';

/** Opens a file and reads all of it. @returns undefined when it was refused as it should be */
async function survives(bytes: Uint8Array): Promise<Checkpoint | undefined> {
  const source = countingSource(bytes, 'fuzzed.safetensors');
  let checkpoint: Checkpoint | undefined;
  try {
    checkpoint = await readCheckpoint({ files: [source] });
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
  }
  expect(source.bytesRead()).toBeLessThanOrEqual(bytes.byteLength + 9);
  if (!checkpoint) return undefined;
  const headerEnd = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const before = source.bytesRead();
  for (const { read, shape } of checkpoint.tensors) {
    expect(await read()).toHaveLength(elementCount(shape));
  }
  // The tensors are exactly what follows the header.
  expect(source.bytesRead() - before).toBe(bytes.byteLength - headerEnd);
  return checkpoint;
}

const sound = fileBytes(
  {
    __metadata__: { k: 'v' },
    'h.0.attn.c_attn.weight': { dtype: 'BF16', shape: [1, 3], data_offsets: [12, 18] },
    b: f32([2, 1], 4, 12),
    a: f32([1], 0, 4),
  },
  Uint8Array.from({ length: 18 }, (_, i) => i),
);

describe('fuzzing', () => {
  it('starts from a file that is read', async () => {
    expect((await survives(sound))!.tensors).toHaveLength(3);
  });

  it('survives flipped bits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(sound.byteLength - 1), fc.nat(7)), { minLength: 1, maxLength: 4 }),
        async (flips) => {
          const bytes = sound.slice();
          for (const [at, bit] of flips) bytes[at]! ^= 1 << bit;
          await survives(bytes);
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('survives inserted, replaced and removed bytes', async () => {
    const edit = fc.record({
      at: fc.nat(sound.byteLength - 1),
      remove: fc.nat(4),
      insert: fc.uint8Array({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        const bytes = [...sound];
        for (const { at, remove, insert } of edits) bytes.splice(at, remove, ...insert);
        await survives(Uint8Array.from(bytes));
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  it('refuses every truncation', async () => {
    for (let end = 0; end < sound.byteLength; end++) {
      expect(await survives(sound.slice(0, end))).toBeUndefined();
    }
  });

  it('survives headers with any values in the places of the right ones', async () => {
    const number = fc.oneof(
      fc.integer({ min: -5, max: 20 }),
      fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53, 1e308, -0.5, 1.5),
    );
    const anything = fc.oneof(fc.jsonValue(), number, fc.array(number, { maxLength: 3 }));
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'BF16', 'F8_E4M3', 'F4', 'I64'), anything),
        shape: fc.oneof(fc.array(number, { maxLength: 3 }), anything),
        data_offsets: fc.oneof(fc.tuple(number, number), anything),
      },
      { requiredKeys: [] },
    );
    const name = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('__metadata__', '__proto__', 'model.layers.9999.self_attn.q_proj.weight'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.oneof(entry, anything)),
        fc.nat(20),
        fc.option(fc.bigInt(0n, 2n ** 64n - 1n)),
        async (header, data, claimed) => {
          await survives(fileBytes(header, data, claimed ?? undefined));
        },
      ),
      { seed: 3, numRuns: 3000 },
    );
  });

  it('reads what is sound, whatever the names, shapes and order', async () => {
    const tensor = fc.record({
      name: fc
        .string({ unit: 'grapheme', maxLength: 12 })
        .filter((name) => name !== '__metadata__'),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
    });
    const tensors = fc.uniqueArray(tensor, { maxLength: 6, selector: ({ name }) => name });
    await fc.assert(
      fc.asyncProperty(tensors, fc.nat(6), async (list, spaces) => {
        let end = 0;
        const entries = list.map(({ name, shape }) => {
          const from = end;
          end += 4 * elementCount(shape);
          return `${JSON.stringify(name)}:${JSON.stringify(f32(shape, from, end))}`;
        });
        const values = Float32Array.from({ length: end / 4 }, (_, i) => i);
        const header = `{${entries.toReversed().join(',')}}${' '.repeat(spaces)}`;
        const bytes = fileBytes(header, new Uint8Array(values.buffer));
        const { tensors: read } = (await survives(bytes))!;
        expect(new Set(read.map(({ name }) => name))).toEqual(
          new Set(list.map(({ name }) => name)),
        );
        const all = await Promise.all(read.map((weight) => weight.read()));
        expect(all.flatMap((part) => [...part])).toEqual([...values]);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('survives any index and config', async () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc
        .dictionary(fc.string({ maxLength: 3 }), fc.constantFrom('a', '../a', 'b.safetensors', 1))
        .map((map) => JSON.stringify({ weight_map: map })),
    );
    const source = (text: string, name: string) =>
      memorySource(new TextEncoder().encode(text), name);
    await fc.assert(
      fc.asyncProperty(json, json, fc.boolean(), async (index, config, splitFused) => {
        const files = {
          files: [memorySource(sound, 'b.safetensors')],
          index: source(index, 'index.json'),
          config: source(config, 'config.json'),
        };
        const error = await readCheckpoint(files, { splitFused }).catch((reason) => reason);
        // No index of these names the three tensors.
        expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'NOT_FOUND')).toBe(true);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});
