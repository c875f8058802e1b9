/** Whatever the configuration and the names: updates that can be read, or a tagged error; in time. */
import { type AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapterCheckpoint } from '../checkpoint.js';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { adapterOf, lora, matrix, modelOf } from '../test-support/adapters.js';
import { elementCount } from '../values/sizes.js';

const q = 'model.layers.0.self_attn.q_proj';
const tensors = lora(q, [[1, 2, 3]], [[4], [5]]);
const base = [matrix(`${q}.weight`, [[0, 0, 0], [0, 0, 0]])]; // biome-ignore format: a matrix

/** @returns the error, when it was refused as it should be */
async function survives(
  given: readonly TensorData[],
  config: Record<string, unknown> | string,
): Promise<AlphaLoraError | undefined> {
  try {
    const adapter = await adapterOf(given, config);
    for (const { read, shape } of adapterCheckpoint(adapter).tensors) {
      expect(await read()).toHaveLength(elementCount(shape));
    }
    for (const { read } of (await modelOf(base, { adapter })).tensors) await read();
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
    return error;
  }
  return undefined;
}

describe('fuzzing adapters', () => {
  it('survives any value of any setting', async () => {
    const setting = fc.constantFrom(
      ...['peft_type', 'r', 'lora_alpha', 'rank_pattern', 'alpha_pattern', 'use_rslora'],
      ...['fan_in_fan_out', 'use_dora', 'init_lora_weights', 'base_model_name_or_path', 'bias'],
      ...['target_parameters', 'layer_replication', '__proto__', 'constructor'],
    );
    const settings = fc.dictionary(setting, fc.jsonValue(), { maxKeys: 4 });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(settings, async (config) => {
        if ((await survives(tensors, { r: 1, ...config })) === undefined) accepted++;
      }),
      { seed: 1, numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('survives any keys of patterns', async () => {
    const key = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.string({ unit: fc.constantFrom(...'q.*+?()[]{}|^$\\-,1,:<=P'.split('')), maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, fc.integer({ min: 0, max: 2 })), async (pattern) => {
        await survives(tensors, { r: 1, alpha_pattern: pattern });
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('survives any names of tensors', async () => {
    const part = fc.constantFrom(
      ...['base_model', 'model', 'lora_A', 'lora_B', 'lora_embedding_A', 'lora_embedding_B'],
      ...['weight', 'bias', 'default', 'q', '', 'lora_A_0', 'lora_magnitude_vector', 'base_layer'],
    );
    const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 4 }), async (names) => {
        const more = names.map((each) => matrix(each, [[1]]));
        await survives([...tensors, ...more], { r: 1 });
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('survives damaged text', async () => {
    const text = '{"peft_type":"LORA","r":1,"lora_alpha":2,"rank_pattern":{"q_proj":1}}';
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), async (at, given) => {
        await survives(tensors, text.slice(0, at) + given + text.slice(at + 1));
      }),
      { seed: 4, numRuns: 1000 },
    );
  });

  it.each<[string, () => Record<string, number>]>([
    ['nested repetitions', () => ({ [`${'('.repeat(100)}q${')+'.repeat(100)}x`]: 1 })],
    [
      'a hundred thousand expressions',
      () => Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`(.*)(.*)(.*)${i}`, 1])),
    ],
    ['a million states', () => ({ '((((q{60}){60}){60}){60})': 1 })],
  ])('does not hang on %s', async (_, pattern) => {
    const many = Array.from({ length: 100 }, (_, i) =>
      lora(`${'x.'.repeat(40)}${i}`, [[1]], [[1]]),
    );
    const error = await survives([...tensors, ...many.flat()], { r: 1, alpha_pattern: pattern() });
    // Its steps are counted: it is given up after a fixed number of them.
    expect(error?.message).toMatch(/alpha_pattern with the modules takes too long/);
  });

  it.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('refuses a configuration that is nested deep: %s', async (open, close) => {
    const deep = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
    const error = await survives(
      tensors,
      `{"peft_type":"LORA","r":1,"alpha_pattern":{"q":${deep}}}`,
    );
    expect(error?.message).toMatch(/its JSON is more than 100 deep/);
  });

  it('looks names up, however many there are', async () => {
    const modules = Array.from({ length: 5000 }, (_, i) => `model.layers.${i}.mlp.up_proj`);
    const adapter = await adapterOf(
      modules.flatMap((module) => lora(module, [[1]], [[1]])),
      { r: 4, rank_pattern: Object.fromEntries(modules.map((module) => [module, 1])) },
    );
    expect(adapter.updates).toHaveLength(5000);
  });
});
