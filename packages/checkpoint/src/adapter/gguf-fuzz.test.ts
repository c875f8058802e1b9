/**
 * Whatever a GGUF adapter says: updates that can be read, or a tagged error, with no more memory than it has
 * bytes. FUZZ_RUNS sets the number of cases of each kind.
 */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { memorySource } from '../sources/memory.js';
import { floats, ggufFile, type Value } from '../test-support/gguf.js';
import type { Adapter } from './adapter.js';
import { readAdapter } from './read.js';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 3000);
vi.setConfig({ testTimeout: 60_000 + 5 * numRuns });

/** @returns undefined when it was refused as it should be */
async function survives(bytes: Uint8Array): Promise<Adapter | undefined> {
  try {
    const adapter = await readAdapter({ weights: memorySource(bytes, 'fuzzed.gguf') });
    for (const update of adapter.updates) {
      const { rank, inputs, outputs, scale } = update;
      expect(rank * (inputs + outputs)).toBeLessThanOrEqual(bytes.byteLength);
      expect(Number.isFinite(scale)).toBe(true);
      const ordered = update.withHeads?.({ num_attention_heads: 2 }) ?? update;
      expect(await ordered.readA()).toHaveLength(rank * inputs);
      expect(await ordered.readB()).toHaveLength(rank * outputs);
    }
    return adapter;
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
    return undefined;
  }
}

const metadata: Record<string, Value> = {
  'general.architecture': ['text', 'llama'],
  'general.type': ['text', 'adapter'],
  'adapter.type': ['text', 'lora'],
  'adapter.lora.alpha': ['f32', 6],
  'llama.attention.head_count': ['u32', 2],
};
const tensors = [
  floats('blk.0.attn_q.weight.lora_a', [2, 3]),
  floats('blk.0.attn_q.weight.lora_b', [8, 2]),
  floats('token_embd.weight.lora_a', [3, 1]),
  floats('token_embd.weight.lora_b', [2, 1]),
];
const sound = ggufFile({ metadata, tensors });
const headerEnd = sound.byteLength - 5 * 32;

describe('fuzzing adapters of llama.cpp', () => {
  it('starts from a file that is read', async () => {
    expect((await survives(sound))!.updates).toHaveLength(2);
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

  it('survives any metadata and names', async () => {
    const text = fc.constantFrom(
      'llama',
      'gpt2',
      'falcon',
      'adapter',
      'lora',
      '',
      'NaN',
      '__proto__',
    );
    const value: fc.Arbitrary<Value> = fc.oneof(
      text.map((each): Value => ['text', each]),
      fc.double().map((each): Value => ['f32', each]),
      fc.nat().map((each): Value => ['u32', each]),
      fc.array(fc.nat(), { maxLength: 3 }).map((each): Value => ['list', 'u32', each]),
    );
    const key = fc.constantFrom(...Object.keys(metadata), 'llama.attention.head_count_kv');
    const part = fc.constantFrom('blk', '0', '9999', 'attn_q', 'attn_qkv', 'weight', 'norm', '{}');
    const name = fc
      .tuple(
        fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
        fc.constantFrom('.weight.lora_a', '.weight.lora_b', '_norm.weight', '.lora_a', ''),
      )
      .map((parts) => parts.join(''));
    const shape = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 });
    const further = fc.uniqueArray(fc.tuple(name, shape), {
      maxLength: 3,
      selector: ([own]) => own,
    });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value, { maxKeys: 2 }), further, async (given, more) => {
        const bytes = ggufFile({
          metadata: { ...metadata, ...given },
          tensors: [...tensors, ...more.map((each) => floats(...each))],
        });
        if (await survives(bytes)) accepted += 1;
      }),
      { seed: 2, numRuns },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('refuses every truncation of the header', async () => {
    for (let end = 0; end < headerEnd; end++) {
      expect(await survives(sound.slice(0, end))).toBeUndefined();
    }
  });
});
