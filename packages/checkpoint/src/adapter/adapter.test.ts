import { type ByteSource, isAlphaLoraError, type WeightTensor } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapterCheckpoint, readCheckpoint } from '../checkpoint.js';
import { serializeSafetensors, type TensorData } from '../safetensors/serialize.js';
import { memorySource } from '../sources/memory.js';
import { joined } from '../test-support/files.js';
import { encodeValues } from '../values/encode.js';
import { type Adapter, readAdapter } from './read.js';

const PREFIX = 'base_model.model.';
const q = 'model.layers.0.self_attn.q_proj';

/** Element (i, j) of a tensor whose name gives the offset, so that all differ. */
function numbers(shape: readonly number[], offset: number): Float32Array {
  const count = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(offset + i)));
}

function tensor(name: string, shape: number[], offset = 1): TensorData {
  return { name, shape, dtype: 'F32', bytes: encodeValues(numbers(shape, offset), 'F32') };
}

function safetensors(name: string, tensors: TensorData[]): ByteSource {
  return memorySource(joined(serializeSafetensors({ tensors })), name);
}

const json = (name: string, value: unknown): ByteSource =>
  memorySource(new TextEncoder().encode(JSON.stringify(value)), name);

const plain = { peft_type: 'LORA', r: 2, lora_alpha: 6 };

function adapterOf(tensors: TensorData[], config: object = plain): Promise<Adapter> {
  return readAdapter({
    weights: safetensors('adapter_model.safetensors', tensors),
    config: json('adapter_config.json', config),
  });
}

/** Factors of a module with 5 inputs and 3 outputs. */
const factors = (module = q, rank = 2): TensorData[] => [
  tensor(`${PREFIX}${module}.lora_A.weight`, [rank, 5], 10),
  tensor(`${PREFIX}${module}.lora_B.weight`, [3, rank], 20),
];

/** scale * B A element by element, B [3, rank], A [rank, 5]. */
function product(scale: number, rank = 2): number[][] {
  const [a, b] = [numbers([rank, 5], 10), numbers([3, rank], 20)];
  return [0, 1, 2].map((i) =>
    [0, 1, 2, 3, 4].map((j) => {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += b[i * rank + k]! * a[k * 5 + j]!;
      return scale * sum;
    }),
  );
}

async function valuesOf(weight: WeightTensor): Promise<number[]> {
  return [...(await weight.read())];
}

function expectClose(actual: number[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6);
}

describe('the scale of an update', () => {
  const scaleWith = async (config: object, rank = 2): Promise<number> =>
    (await adapterOf(factors(q, rank), config)).updates[0]!.scale;

  it('is alpha / rank, by the settings of the module', async () => {
    expect(await scaleWith(plain)).toBe(3);
    expect(await scaleWith({ ...plain, use_rslora: true })).toBe(6 / Math.sqrt(2));
    expect(await scaleWith({ ...plain, alpha_pattern: { q_proj: 10 } })).toBe(5);
    expect(await scaleWith({ ...plain, rank_pattern: { q_proj: 4 } }, 4)).toBe(1.5);
    // PEFT's defaults: rank 8 and alpha 8.
    expect(await scaleWith({ peft_type: 'LORA' }, 8)).toBe(1);
  });

  it.each([
    // (.*\.)?(key)$ from the beginning of the name; the first key that matches counts.
    [{ 'self_attn.q_proj': 10 }, 5],
    [{ 'attn.q_proj': 10 }, 3],
    [{ q_pro: 10 }, 3],
    [{ [`^${q}`]: 10 }, 5],
    [{ '^q_proj': 10 }, 3],
    [{ 'layers\\.\\d+\\.self_attn\\.q_proj': 10 }, 5],
    [{ 'layers.[1-9].self_attn.q_proj': 10 }, 3],
    [{ '[kq]_proj': 10, q_proj: 14 }, 5],
  ])('follows alpha_pattern %j', async (alpha_pattern, scale) => {
    expect(await scaleWith({ ...plain, alpha_pattern })).toBe(scale);
  });

  it('is found at once, or not at all, whatever the expression', async () => {
    const started = performance.now();
    for (const key of ['(((a*)*)*)*b', '(.*)*x', `${'(a|a)*'.repeat(30)}$`, '(x{1,900}){1,900}']) {
      await scaleWith({ ...plain, alpha_pattern: { [key]: 1 } }).catch((error: unknown) => {
        expect(isAlphaLoraError(error)).toBe(true);
      });
    }
    // Linear time is milliseconds; a backtracking engine would not come back.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('an adapter alone', () => {
  it('is a checkpoint of its updates, in the layout of the base', async () => {
    const { tensors, blocks } = adapterCheckpoint(await adapterOf(factors()));
    expect(blocks).toBe(1);
    const [weight] = tensors;
    expect(weight).toMatchObject({ name: `${q}.weight`, shape: [3, 5], block: 0, role: 'q_proj' });
    expectClose(await valuesOf(weight!), product(3).flat());
    expectClose([...(await weight!.read(4, 7))], product(3).flat().slice(4, 7));
    expect(weight!.factors).toMatchObject({ rank: 2, scale: 3 });
  });

  it('is transposed where the base has Conv1D', async () => {
    const config = { ...plain, fan_in_fan_out: true };
    const module = 'transformer.h.0.attn.c_proj';
    const { tensors } = adapterCheckpoint(await adapterOf(factors(module), config));
    expect(tensors[0]).toMatchObject({ shape: [5, 3], inputFirst: true });
    const columns = [0, 1, 2, 3, 4].flatMap((j) => product(3).map((row) => row[j]!));
    expectClose(await valuesOf(tensors[0]!), columns);
  });
});

describe('an adapter on its base', () => {
  const base = (names: string[], shape = [3, 5]): ByteSource =>
    safetensors(
      'model.safetensors',
      names.map((name, i) => tensor(name, shape, 100 * (i + 1))),
    );

  it.each([[`${q}.weight`], ['layers.0.self_attn.q_proj.weight']])(
    'adds to %s, and leaves the others alone',
    async (name) => {
      const other = 'model.layers.1.self_attn.q_proj.weight';
      const adapter = await adapterOf(factors());
      const checkpoint = await readCheckpoint({ files: [base([name, other])] }, { adapter });
      expect(checkpoint.adapter).toMatchObject({ applied: 1, unmatched: [] });
      const [changed, same] = checkpoint.tensors;
      const start = numbers([3, 5], 100);
      expectClose(
        await valuesOf(changed!),
        product(3)
          .flat()
          .map((value, i) => value + start[i]!),
      );
      expect(changed!.readInto).toBeUndefined();
      expect(await valuesOf(same!)).toEqual([...numbers([3, 5], 200)]);
    },
  );

  it('names the modules that the base lacks', async () => {
    const adapter = await adapterOf([...factors(), ...factors('model.layers.7.mlp.up_proj')]);
    const checkpoint = await readCheckpoint({ files: [base([`${q}.weight`])] }, { adapter });
    expect(checkpoint.adapter!.unmatched).toEqual(['model.layers.7.mlp.up_proj']);
  });

  it.each([
    [
      'no module of which it has',
      ['model.layers.9.mlp.up_proj.weight'],
      [3, 5],
      /none of its modules/,
    ],
    ['other shapes', [`${q}.weight`], [5, 3], /\[3, 5\], but .* is \[5,3\]/],
  ])('refuses a base with %s', async (_, names, shape, message) => {
    const adapter = await adapterOf(factors());
    const opened = readCheckpoint({ files: [base(names, shape)] }, { adapter });
    await expect(opened).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(message),
    });
  });
});

describe('what is not read', () => {
  it.each([
    ['DoRA', factors(), { ...plain, use_dora: true }, 'UNSUPPORTED_CHECKPOINT'],
    ['another method', factors(), { ...plain, peft_type: 'IA3' }, 'UNSUPPORTED_CHECKPOINT'],
    [
      'a changed base',
      factors(),
      { ...plain, init_lora_weights: 'pissa' },
      'UNSUPPORTED_CHECKPOINT',
    ],
    ['a rank unlike the tensors', factors(), { ...plain, r: 4 }, 'INVALID_CHECKPOINT'],
    ['an infinite scale', factors(), { ...plain, lora_alpha: '6' }, 'INVALID_CHECKPOINT'],
    ['one factor of two', factors().slice(1), plain, 'INVALID_CHECKPOINT'],
    ['no factor', [tensor('x', [2])], plain, 'INVALID_CHECKPOINT'],
    [
      'ranks that differ',
      [factors()[0]!, tensor(`${PREFIX}${q}.lora_B.weight`, [3, 4])],
      plain,
      'INVALID_CHECKPOINT',
    ],
    [
      'several experts',
      [
        tensor(`${PREFIX}${q}.lora_A_0.weight`, [2, 5]),
        tensor(`${PREFIX}${q}.lora_B_0.weight`, [3, 2]),
      ],
      plain,
      'UNSUPPORTED_CHECKPOINT',
    ],
    [
      'a magnitude vector',
      [...factors(), tensor(`${PREFIX}${q}.lora_magnitude_vector.weight`, [3])],
      plain,
      'UNSUPPORTED_CHECKPOINT',
    ],
  ])('%s is a stated error', async (_, tensors, config, code) => {
    await expect(adapterOf(tensors, config)).rejects.toMatchObject({ code });
  });

  it('weights that are saved whole are listed beside the updates', async () => {
    const head = tensor(`${PREFIX}score.weight`, [2, 5], 7);
    const { saved, updates } = await adapterOf([...factors(), head]);
    expect(updates).toHaveLength(1);
    expect(saved.map(({ name }) => name)).toEqual(['score.weight']);
    expect(await valuesOf(saved[0]!)).toEqual([...numbers([2, 5], 7)]);
  });

  it('no configuration and no name crashes or hangs it', async () => {
    const key = fc.oneof(
      fc.constantFrom('r', 'lora_alpha', 'use_rslora', 'fan_in_fan_out', 'rank_pattern'),
      fc.constantFrom('alpha_pattern', 'peft_type', 'use_dora', 'layer_replication'),
      fc.string(),
    );
    const config = fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }));
    const pattern = fc.stringMatching(/^[()[\]{}|*+?.^$\\a-z0-9,-]{0,25}$/);
    const name = fc.oneof(
      fc.string().filter((text) => text !== '__metadata__'),
      fc.constant(`${PREFIX}${q}.lora_A.default.weight`),
    );
    await fc.assert(
      fc.asyncProperty(config, pattern, name, async (settings, expression, stray) => {
        const patterns = { alpha_pattern: { [expression]: 3 }, ...plain };
        for (const tried of [{ ...plain, ...settings }, patterns]) {
          await adapterOf([...factors(), tensor(stray, [2, 5])], tried).catch((error: unknown) => {
            if (!isAlphaLoraError(error)) throw error;
          });
          await adapterOf(factors(), tried).catch((error: unknown) => {
            if (!isAlphaLoraError(error)) throw error;
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});
