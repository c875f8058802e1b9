/**
 * Whatever the header says: a checkpoint or a tagged error, soon, with no memory that it merely asks for.
 *
 * FUZZ_RUNS sets the number of cases of each kind: `FUZZ_RUNS=500000 npx vitest run --project checkpoint
 * gguf/fuzz`.
 */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Checkpoint, readCheckpoint } from '../../checkpoint.js';
import { countingSource } from '../../test-support/counting-source.js';
import { floats, ggufFile, llamaSettings } from '../../test-support/gguf.js';
import { elementCount } from '../../values/sizes.js';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 3000);
vi.setConfig({ testTimeout: 60_000 + 5 * numRuns });

/** @returns undefined when it was refused as it should be */
async function survives(bytes: Uint8Array): Promise<Checkpoint | undefined> {
  const source = countingSource(bytes, 'fuzzed.gguf');
  try {
    const checkpoint = await readCheckpoint({ files: [source] });
    // Once for the header and twice for what tells the format, which may overlap the tensors.
    expect(source.bytesRead()).toBeLessThanOrEqual(2 * bytes.byteLength + 9);
    for (const { read, shape } of checkpoint.tensors) {
      expect(elementCount(shape)).toBeLessThanOrEqual(bytes.byteLength);
      expect(await read()).toHaveLength(elementCount(shape));
    }
    checkpoint.tokenizer?.();
    return checkpoint;
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
    return undefined;
  }
}

const sound = ggufFile({
  metadata: {
    ...llamaSettings,
    'llama.expert_count': ['u32', 2],
    'split.count': ['u32', 1],
    'tokenizer.ggml.model': ['text', 'llama'],
    'tokenizer.ggml.tokens': ['list', 'text', ['<unk>', '<s>', 'a', 'b', 'ab', '▁ab']],
    'tokenizer.ggml.token_type': ['list', 'i32', [2, 3, 1, 1, 1, 1]],
    'tokenizer.ggml.scores': ['list', 'f32', [0, 0, -1, -2, -3, -4]],
    'tokenizer.ggml.bos_token_id': ['u32', 1],
  },
  tensors: [
    floats('blk.0.attn_q.weight', [4, 3]),
    floats('blk.0.attn_k.bias', [4]),
    floats('blk.0.ffn_up_exps.weight', [2, 2, 2]),
    floats('rope_freqs.weight', [2]),
  ],
});
const headerEnd = sound.byteLength - 4 * 32 - 32;

describe('fuzzing', () => {
  it('starts from a file that is read', async () => {
    const { tensors } = (await survives(sound))!;
    expect(tensors).toHaveLength(5);
  });

  it('survives flipped bits', async () => {
    const flip = fc.tuple(fc.nat(headerEnd - 1), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async (flips) => {
        const bytes = sound.slice();
        for (const [at, bit] of flips) bytes[at]! ^= 1 << bit;
        await survives(bytes);
      }),
      { seed: 1, numRuns },
    );
  });

  it('survives inserted, replaced and removed bytes', async () => {
    const edit = fc.record({
      at: fc.nat(headerEnd - 1),
      remove: fc.nat(9),
      insert: fc.uint8Array({ maxLength: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        const bytes = [...sound];
        for (const { at, remove, insert } of edits) bytes.splice(at, remove, ...insert);
        await survives(Uint8Array.from(bytes));
      }),
      { seed: 2, numRuns },
    );
  });

  it('survives large numbers in any place', async () => {
    const number = fc.constantFrom(-1n, 1n << 63n, 1n << 53n, 1n << 40n, 1n << 32n, 1n << 31n, 0n);
    await fc.assert(
      fc.asyncProperty(fc.nat(headerEnd - 8), number, async (at, value) => {
        const bytes = sound.slice();
        new DataView(bytes.buffer).setBigUint64(at, BigInt.asUintN(64, value), true);
        await survives(bytes);
      }),
      { seed: 3, numRuns },
    );
  });

  it('refuses every truncation of the header', async () => {
    for (let end = 0; end < headerEnd; end++) {
      expect(await survives(sound.slice(0, end))).toBeUndefined();
    }
  });
});
