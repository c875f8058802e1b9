import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { adapterOf, lora, matrix, modelOf, vector } from '../../test-support/adapters.js';

const up = 'model.layers.0.mlp.up_proj';

/** 1, 2, 3, ... as E4M3: exact up to 16. */
function fp8(name: string, shape: readonly number[]): TensorData {
  const codes = [0x38, 0x40, 0x44, 0x48, 0x4a, 0x4c, 0x4e, 0x50];
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = Uint8Array.from({ length: count }, (_, i) => codes[i % 8]!);
  return { name, dtype: 'F8_E4M3', shape, bytes };
}

const ones = (rows: number, columns: number, value: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => value));

describe('FP8 with scales', () => {
  it('is one weight of numbers, its scales are none', async () => {
    const { tensors } = await modelOf([
      fp8(`${up}.weight`, [2, 3]),
      matrix(`${up}.weight_scale_inv`, [[0.5]]),
      vector(`${up}.input_scale`, [1]),
    ]);
    const found = tensors.find(({ name }) => name === `${up}.weight`)!;
    expect(found).toMatchObject({
      shape: [2, 3],
      dtype: 'F32',
      kind: 'projection',
      role: 'up_proj',
      block: 0,
      quantization: 'FP8, one scale',
    });
    expect([...(await found.read())]).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect([...(await found.read(2, 4))]).toEqual([1.5, 2]);
    expect(found.readInto).toBeUndefined();
    const others = tensors.filter(({ name }) => name !== found.name);
    expect(others.map(({ kind }) => kind)).toEqual(['other', 'other']);
    expect(others.find(({ name }) => name === `${up}.weight_scale_inv`)).toMatchObject({
      kind: 'other',
      notMatrix: 'a part of quantized weights (FP8, one scale)',
    });
  });

  it.each<[string, number[], number[][], object, string]>([
    ['blocks of 128', [130, 200], ones(2, 2, 1), {}, 'FP8, scales of 128 x 128'],
    [
      'blocks of the configuration, the last of them cut off',
      [130, 200],
      ones(3, 4, 1),
      { quantization_config: { weight_block_size: [64, 64] } },
      'FP8, scales of 64 x 64',
    ],
    ['groups', [4, 64], ones(4, 2, 1), {}, 'FP8, scales of 32'],
    ['rows', [4, 64], ones(4, 1, 1), {}, 'FP8, scales of rows'],
    ['columns', [4, 64], ones(1, 64, 1), {}, 'FP8, scales of columns'],
  ])('in %s', async (_, shape, scales, config, quantization) => {
    // Each block has a scale of its own.
    for (const [i, row] of scales.entries()) for (const j of row.keys()) row[j] = 2 ** (i - j);
    const tensors = [fp8(`${up}.weight`, shape), matrix(`${up}.weight_scale`, scales)];
    const weight = (await modelOf(tensors, {}, config)).tensors.find(({ quantization: q }) => q)!;
    expect(weight.quantization).toBe(quantization);
    const [rows, columns] = shape as [number, number];
    const [, down, across] = / of (\d+) x (\d+)/.exec(quantization) ?? [];
    const [a, b] = [
      down ? Number(down) : rows / scales.length,
      across ? Number(across) : columns / scales[0]!.length,
    ];
    const expected = Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return ((at % 8) + 1) * 2 ** (Math.floor(i / a) - Math.floor(j / b));
    });
    expect([...(await weight.read())]).toEqual(expected);
  });

  it.each<[number[], number[][]]>([
    [[4, 6], ones(3, 1, 1)],
    [[4, 6], ones(1, 4, 1)],
    [[4, 6], ones(8, 1, 1)],
    [[4], ones(4, 2, 1)],
    [[3, 4, 6], ones(2, 4, 1)],
    [[2, 3, 4, 6], ones(1, 3, 1)],
  ])('of %j with scales %j is named, and no other weight refused', async (shape, scales) => {
    const other = 'model.layers.1.mlp.up_proj';
    const { tensors } = await modelOf([
      fp8(`${up}.weight`, shape),
      matrix(`${up}.weight_scale`, scales),
      fp8(`${other}.weight`, [4, 6]),
      matrix(`${other}.weight_scale`, [[1]]),
    ]);
    const named = (name: string) => tensors.find((tensor) => tensor.name === name)!;
    expect(named(`${up}.weight`)).toMatchObject({
      unreadable: `"weight_scale" of F32 [${named(`${up}.weight_scale`).shape}] does not fit codes of F8_E4M3 [${shape}]: download or export it again`,
    });
    expect(named(`${up}.weight_scale`).notMatrix).toBe('a part of quantized weights (FP8)');
    expect(named(`${other}.weight`).unreadable).toBeUndefined();
    expect(await named(`${other}.weight`).read()).toHaveLength(24);
  });

  it('in powers of two, as DeepSeek stores its scales', async () => {
    const scale: TensorData = {
      name: `${up}.weight_scale_inv`,
      dtype: 'F8_E8M0',
      shape: [1, 2],
      bytes: Uint8Array.of(126, 130),
    };
    const { tensors } = await modelOf([fp8(`${up}.weight`, [1, 256]), scale]);
    const weight = tensors.find(({ name }) => name === `${up}.weight`)!;
    expect(weight).toMatchObject({ dtype: 'BF16', quantization: 'FP8, scales of 128' });
    const values = await weight.read();
    expect([values[0], values[127], values[128]]).toEqual([0.5, 4, 8]);
  });

  it('of kernels, with a scale for each output', async () => {
    const tensors = [fp8('conv.weight', [2, 2, 1, 2]), vector('conv.weight_scale', [1, 10])];
    const { tensors: weights } = await modelOf(tensors);
    const weight = weights.find(({ quantization }) => quantization !== undefined)!;
    expect([...(await weight.read())]).toEqual([1, 2, 3, 4, 50, 60, 70, 80]);
  });

  it('takes an adapter', async () => {
    const adapter = await adapterOf(lora(up, [[1, 0, 0]], [[1], [2]]), { r: 1, lora_alpha: 1 });
    const tensors = [fp8(`${up}.weight`, [2, 3]), vector(`${up}.weight_scale`, [2])];
    const { tensors: changed } = await modelOf(tensors, { adapter });
    const weight = changed.find(({ name }) => name === `${up}.weight`)!;
    expect([...(await weight.read())]).toEqual([3, 4, 6, 10, 10, 12]);
  });
});
