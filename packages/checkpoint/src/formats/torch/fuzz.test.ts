/**
 * Whatever the bytes: an answer or a tagged error, in time and memory that the bytes are worth.
 * FUZZ_RUNS sets the number of cases of each kind.
 */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import { bytesOf, dict, pickle, tensor, text } from '../../test-support/pickles.js';
import { torchFiles } from '../../test-support/reference-files.js';
import { elementCount } from '../../values/sizes.js';
import { openArchive } from '../zip/archive.js';
import { torchHost } from './host.js';
import { unpickle } from './pickle.js';
import { readTorch } from './read.js';
import { stateDictOf } from './state-dict.js';

const runs = Number(process.env['FUZZ_RUNS'] ?? 1000);
vi.setConfig({ testTimeout: 30_000 + 10 * runs });
const isRefusal = (error: unknown): boolean =>
  isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT');

/** @returns whether it was read */
async function survives(bytes: Uint8Array): Promise<boolean> {
  const source = countingSource(bytes, 'fuzzed.bin');
  try {
    const { tensors } = await readTorch(source);
    // Directories and pickles, and a few headers; nothing twice.
    expect(source.bytesRead()).toBeLessThanOrEqual(4 * bytes.byteLength + 1000);
    for (const { read, shape } of tensors) {
      expect(elementCount(shape)).toBeLessThanOrEqual(1032 * bytes.byteLength);
      expect(await read()).toHaveLength(elementCount(shape));
    }
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

/** @returns whether it was read */
function follows(bytes: Uint8Array): boolean {
  try {
    const read = unpickle(
      bytes,
      0,
      torchHost({ name: 'fuzzed.bin', byteLength: bytes.byteLength }),
    );
    if (!read) return false;
    stateDictOf(read.value, 'fuzzed.bin', 'alone');
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat(4),
  insert: fc.uint8Array({ maxLength: 3 }),
});
type Edit = { at: number; remove: number; insert: Uint8Array };

function edited(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const changed = [...bytes];
  for (const { at, remove, insert } of edits)
    changed.splice(at % changed.length, remove, ...insert);
  return Uint8Array.from(changed);
}

function flipped(
  bytes: Uint8Array,
  flips: ReadonlyArray<readonly [at: number, bit: number]>,
): Uint8Array {
  const changed = bytes.slice();
  for (const [at, bit] of flips) changed[at % bytes.byteLength]! ^= 1 << bit;
  return changed;
}

const files = [...torchFiles.values()].map(({ bytes }) => bytes);
const anyFile = fc.constantFrom(...files);
const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 4 });

describe('fuzzing', () => {
  it('starts from files that are read', async () => {
    for (const bytes of files) expect(await survives(bytes)).toBe(true);
  });

  it('survives files with other bits, and bytes more or less', async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(anyFile, flips, edits, async (bytes, bits, bytewise) => {
        if (await survives(flipped(bytes, bits))) read++;
        if (await survives(edited(bytes, bytewise))) read++;
      }),
      { seed: 1, numRuns: runs },
    );
    // Many changes are those of values.
    expect(read).toBeGreaterThan(0);
  });

  it('survives pickles with other bits, and bytes more or less', async () => {
    const pickles: Uint8Array[] = [pickle(dict({ w: tensor([2, 3]), n: text('x') }))];
    for (const bytes of files) {
      if (bytes[0] === 0x80) continue;
      for (const [name, { source }] of await openArchive(memorySource(bytes, 'a'))) {
        if (name.endsWith('data.pkl')) pickles.push(await source.read(0, source.byteLength));
      }
    }
    fc.assert(
      fc.property(fc.constantFrom(...pickles), flips, edits, (bytes, bits, bytewise) => {
        follows(flipped(bytes, bits));
        follows(edited(bytes, bytewise));
      }),
      { seed: 2, numRuns: runs },
    );
  });

  it('survives programs of any instructions', () => {
    const step = fc.oneof(
      fc.constantFrom(...'(012N\x88\x89)]}\x8flaedsutbRQ\x85\x86\x87\x90\x91\x93\x94\x81'),
      fc.nat(255).map((code) => String.fromCharCode(code)),
      fc.nat(3).map((index) => `h${String.fromCharCode(index)}`),
      fc.nat(3).map((index) => `q${String.fromCharCode(index)}`),
      fc.constantFrom(tensor([2]), text('a'), text('storage'), 'K\x02'),
      fc.constantFrom(
        'ctorch._utils\n_rebuild_tensor_v2\n',
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        'ctorch.nn.parameter\nParameter\n',
        'ctorch\nFloatStorage\n',
        'ctorch\nSize\n',
        'ccollections\nOrderedDict\n',
        'ccollections\nCounter\n',
        'c__builtin__\nset\n',
        'c_codecs\nencode\n',
        'cos\nsystem\n',
      ),
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        if (follows(bytesOf(`\x80\x02${steps.join('')}.`))) read++;
      }),
      { seed: 3, numRuns: 10 * runs },
    );
    expect(read).toBeGreaterThan(0);
  });

  it('refuses every truncation', async () => {
    for (const bytes of files) {
      for (let end = 0; end < bytes.byteLength; end += 7) {
        expect(await survives(bytes.subarray(0, end))).toBe(false);
      }
    }
  });
});
