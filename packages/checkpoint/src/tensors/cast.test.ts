import type { CastType, WeightTensor } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { adapterCheckpoint, readCheckpoint } from '../checkpoint.js';
import { memorySource } from '../sources/memory.js';
import { adapterOf, fileOf, lora, matrix, modelOf, vector } from '../test-support/adapters.js';
import { castWeight } from './cast.js';

const q = 'model.layers.0.self_attn.q_proj';
const valuesOf = async ({ read }: Pick<WeightTensor, 'read'>) => [...(await read())];

async function castOf(values: number[], cast: CastType): Promise<WeightTensor> {
  const { tensors } = await modelOf([matrix(`${q}.weight`, [values])], { cast });
  return tensors[0]!;
}

describe('a cast', () => {
  it.each<[CastType, number[], number[]]>([
    // Halves have 10 bits behind the point, down to steps of 2^-24; of two as near, the even one.
    [
      'float16',
      [1 + 2 ** -11, 1 + 3 * 2 ** -11, -65519, 0.1],
      [1, 1 + 2 ** -9, -65504, 0.0999755859375],
    ],
    [
      'float16',
      [2 ** -25, 3 * 2 ** -25, 2 ** -24 * 1.4, -(2 ** -15)],
      [0, 2 ** -23, 2 ** -24, -(2 ** -15)],
    ],
    // bfloat16 has 7 bits behind the point and the exponents of float32.
    [
      'bfloat16',
      [1 + 2 ** -8, 1 + 3 * 2 ** -8, 2 ** 126 * 1.003, 2 ** -130],
      [1, 1 + 2 ** -6, 2 ** 126, 2 ** -130],
    ],
  ])('to %s rounds %j to %j', async (cast, values, expected) => {
    const weight = await castOf(values, cast);
    expect(weight.dtype).toBe(cast === 'float16' ? 'F16' : 'BF16');
    expect(await valuesOf(weight)).toEqual(expected);
  });

  it('hands out the stored bytes of any run of elements, as long as it may be', async () => {
    const values = Float32Array.from({ length: 3 << 18 }, (_, i) => Math.sin(i));
    const bytes = new Uint8Array(values.buffer);
    const tensor = { name: `${q}.weight`, dtype: 'F32', shape: [3, 1 << 18], bytes } as const;
    const { tensors } = await modelOf([tensor], { cast: 'float16' });
    const [{ read, readInto }] = tensors as [WeightTensor];
    const target = new Uint8Array(2 * ((2 << 18) + 5));
    await readInto!(target, 11);
    const codes = new Uint16Array(target.buffer);
    const found = await read(11, 11 + codes.length);
    expect(found).toHaveLength(codes.length);
    for (const i of [0, 1, (1 << 18) - 1, 1 << 18, codes.length - 1]) {
      expect(Math.abs(found[i]! - values[11 + i]!)).toBeLessThanOrEqual(2 ** -12);
      const exponent = (codes[i]! >> 10) & 31;
      const sign = codes[i]! >> 15 ? -1 : 1;
      expect(found[i]).toBe(sign * (1 + (codes[i]! & 1023) / 1024) * 2 ** (exponent - 15));
    }
    await expect(read(3, (3 << 18) + 1)).rejects.toThrow(/asked for/);
  });

  it.each<[CastType, number, string]>([
    ['float16', 65520, 'cast to float16, its value 65520 becomes infinite: the largest is 65504'],
    ['bfloat16', 3.4e38, 'becomes infinite: the largest is 3.39e38'],
  ])('to %s refuses %d, and leaves infinity as it is', async (cast, value, message) => {
    const weight = await castOf([1, value], cast);
    expect(await weight.read(0, 1)).toEqual(Float32Array.of(1));
    await expect(weight.read()).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringMatching(new RegExp(`^${q}\\.weight: .*${message}$`)),
    });
    expect(await valuesOf(await castOf([1, Number.POSITIVE_INFINITY], cast))).toEqual([
      1,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('leaves the weights of its type and integers alone, and keeps that others are quantized', async () => {
    const codes = {
      name: 'codes',
      dtype: 'I8',
      shape: [1, 2],
      bytes: Uint8Array.of(1, 2),
    } as const;
    const small = { name: `${q}.weight`, dtype: 'F8_E4M3', shape: [1, 2] } as const;
    // 1.5 and -0.4375, by OCP's table: sign, 4 bits of the exponent with bias 7, 3 of the fraction.
    const bytes = Uint8Array.of(0b0_0111_100, 0b1_0101_110);
    const scale = vector(`${q}.weight_scale`, [0.1]);
    const { tensors } = await modelOf(
      [codes, { ...small, bytes }, scale, matrix('h.0.k_proj.weight', [[1, 2]], 'F16')],
      { cast: 'float16' },
    );
    const named = (name: string) => tensors.find((each) => each.name === name)!;
    expect(named('codes')).toMatchObject({ dtype: 'I8' });
    expect(named('h.0.k_proj.weight')).not.toHaveProperty('quantization');
    const { dtype, quantization } = named(`${q}.weight`);
    expect({ dtype, quantization }).toEqual({
      dtype: 'F16',
      quantization: expect.stringMatching(/FP8|F8/),
    });
    const uncast = { ...named('h.0.k_proj.weight') };
    expect(castWeight(uncast, 'float16')).toBe(uncast);
  });

  it('comes before the update of an adapter, which keeps its values', async () => {
    const step = 2 ** -12;
    const adapter = await adapterOf(lora(q, [[step, 0]], [[1]]), { r: 1, lora_alpha: 1 });
    const base = [matrix(`${q}.weight`, [[1 + step, 2]])];
    const { tensors, cast } = await modelOf(base, { cast: 'float16', adapter });
    expect(cast).toBe('float16');
    expect(tensors[0]).toMatchObject({ dtype: 'F32' });
    expect(await valuesOf(tensors[0]!)).toEqual([1 + step, 2]);
  });

  it('is not for an adapter alone', async () => {
    const tensors = lora(q, [[1, 2]], [[3], [4]]);
    await expect(modelOf(tensors, { cast: 'float16' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('leave out the cast to float16'),
    });
    const { cast } = adapterCheckpoint(await adapterOf(tensors, { r: 1, lora_alpha: 1 }));
    expect(cast).toBeUndefined();
  });

  it('tells what is read apart from what is stored, and splits as that does', async () => {
    const bytes = fileOf([
      matrix('h.0.attn.c_attn.weight', [
        [0.1, 0.2, 0.3],
        [0.4, 0.5, 0.6],
      ]),
    ]);
    const file = { ...memorySource(bytes, 'model.safetensors'), identity: 'these bytes' };
    const whole = await readCheckpoint({ files: [file] }, { cast: 'bfloat16' });
    const identities = [whole, await readCheckpoint({ files: [file] })].map(
      ({ tensors }) => tensors[0]!.identity,
    );
    expect(identities).toEqual([expect.stringContaining('bfloat16'), expect.any(String)]);
    expect(identities[0]!.startsWith(identities[1]!)).toBe(true);
    const parts = await modelOf(
      [matrix('h.0.attn.c_attn.weight', [[0.1, 0.2, 0.3]])],
      { cast: 'float16', splitFused: true },
      { model_type: 'gpt2', n_head: 1, n_embd: 1 },
    );
    expect(await Promise.all(parts.tensors.map(valuesOf))).toEqual(
      // The nearest halves: 1638/2^14, 1638/2^13, 1229/2^12.
      [[1638 / 2 ** 14], [1638 / 2 ** 13], [1229 / 2 ** 12]],
    );
  });
});
