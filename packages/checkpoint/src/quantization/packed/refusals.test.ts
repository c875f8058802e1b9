/** Packed weights that cannot be read: listed with the reason and what to do, the others beside them are read. */
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { matrix, modelOf } from '../../test-support/adapters.js';
import { whole } from '../../test-support/packed-weights.js';

const module = 'model.layers.0.mlp.up_proj';
const other = matrix('model.layers.0.mlp.down_proj.weight', [[1, 2]]);

/** Tensors of the module. */
const of = (...parts: TensorData[]): TensorData[] =>
  parts.map((part) => ({ ...part, name: `${module}.${part.name}` }));

async function weightOf(tensors: TensorData[], settings: object = {}) {
  const model = await modelOf([...tensors, other], {}, { quantization_config: settings });
  const beside = model.tensors.find(({ name }) => name === other.name)!;
  expect([...(await beside.read())]).toEqual([1, 2]);
  const weight = model.tensors.find(({ name }) => name === `${module}.weight`)!;
  expect(weight).toMatchObject({ kind: 'projection', role: 'up_proj', block: 0 });
  await expect(weight.read()).rejects.toMatchObject({ code: 'UNSUPPORTED_CHECKPOINT' });
  return weight;
}

const gptq = of(
  whole('qweight', 'I32', [4, 8]),
  whole('qzeros', 'I32', [2, 1]),
  whole('scales', 'F16', [2, 8]),
);

it('layouts of other kernels are named, with the shape of the weight', async () => {
  const marlin = await weightOf(gptq, { checkpoint_format: 'marlin' });
  expect(marlin).toMatchObject({
    shape: [32, 8],
    quantization: 'GPTQ 4 bits, groups of 16',
    unreadable: expect.stringMatching(/^GPTQ in the layout "marlin": measure/),
  });
  const gemv = of(
    whole('qweight', 'I32', [16, 16]),
    whole('qzeros', 'I32', [16, 1]),
    whole('scales', 'F16', [16, 8]),
  );
  expect(await weightOf(gemv)).toMatchObject({
    shape: [16, 128],
    unreadable: expect.stringMatching(/^AWQ in the layout of GEMV kernels: measure/),
  });
  const fast = of(
    whole('qweight', 'I16', [4, 64]),
    whole('qzeros', 'F16', [8, 16]),
    whole('scales', 'F16', [8, 16]),
  );
  expect(await weightOf(fast)).toMatchObject({
    shape: [16, 64],
    unreadable: expect.stringMatching(/^AWQ in the layout of GEMV fast kernels/),
  });
});

const state = (text: string): TensorData => {
  const bytes = new TextEncoder().encode(text);
  const name = 'weight.quant_state.bitsandbytes__nf4';
  return { name, dtype: 'U8', shape: [bytes.length], bytes };
};
const nf4 = (text: string, ...others: TensorData[]): TensorData[] =>
  of(whole('weight', 'U8', [64, 1]), whole('weight.absmax', 'F32', [2]), state(text), ...others);

describe('NF4 without a description that can be followed', () => {
  it.each([
    ['no JSON', '{"shape": [16, 8'],
    ['no shape', '{"dtype": "float16", "blocksize": 64}'],
    ['a shape that is none', '{"shape": [16, -8], "dtype": "float16", "blocksize": 64}'],
    ['a type that is none', '{"shape": [16, 8], "dtype": "constructor", "blocksize": 64}'],
    ['blocks that are none', '{"shape": [16, 8], "dtype": "float16", "blocksize": 0}'],
  ])('%s', async (_, text) => {
    const { unreadable, quantization } = await weightOf(nf4(text));
    expect(quantization).toBe('NF4');
    expect(unreadable).toBe(
      'NF4 of bitsandbytes without a valid description of the weight: export it again',
    );
  });
});

describe('parts that do not fit one another are named', () => {
  const zeros = (shape: number[]) => of(whole('qzeros', 'I32', shape));
  const [qweight, , scales] = gptq as [TensorData, TensorData, TensorData];
  const mlx = of(whole('weight', 'U32', [4, 8]), whole('scales', 'F16', [4, 1]));
  const mlxScales = [whole('scales', 'F16', [4, 1]), whole('biases', 'F16', [4, 1])];
  const packed = (...parts: TensorData[]) =>
    of(whole('weight_packed', 'I32', [4, 8]), whole('weight_scale', 'BF16', [4, 2]), ...parts);
  const size = (...lengths: number[]): TensorData => ({
    name: 'weight_shape',
    dtype: 'I64',
    shape: [lengths.length],
    bytes: new Uint8Array(BigInt64Array.from(lengths, BigInt).buffer),
  });
  const hqq = (...parts: TensorData[]) =>
    of(whole('W_q', 'U8', [4, 8]), { ...size(4, 16), name: 'shape' }, ...parts);
  const good = '{"shape": [16, 8], "dtype": "float16", "blocksize": 64}';
  const nested = `${good.slice(0, -1)}, "nested_blocksize": 256, "nested_offset": 0.1}`;

  it.each<[string, TensorData[], RegExp]>([
    ['GPTQ: zero points', [qweight, ...zeros([3, 1]), scales], /^"qzeros" of I32 \[3,1\]/],
    ['GPTQ: zero points of too many bits', [qweight, ...zeros([2, 9]), scales], /qzeros/],
    ['GPTQ: groups of inputs', [...gptq, ...of(whole('g_idx', 'I32', [40]))], /g_idx/],
    [
      'GPTQ: groups',
      of(
        whole('qweight', 'I32', [4, 8]),
        whole('qzeros', 'I32', [3, 1]),
        whole('scales', 'F16', [3, 8]),
      ),
      /scales/,
    ],
    [
      'AWQ: zero points',
      of(
        whole('qweight', 'I32', [32, 1]),
        whole('qzeros', 'I32', [3, 1]),
        whole('scales', 'F16', [2, 8]),
      ),
      /qzeros/,
    ],
    ['MLX: scales', [...mlx, ...of(whole('biases', 'F16', [4, 2]))], /biases/],
    ['MLX: sizes', of(whole('weight', 'U32', [4, 7]), ...mlxScales), /scales/],
    ['compressed-tensors: shape', packed(size(5, 64)), /weight_shape/],
    ['compressed-tensors: no bits', packed(size(4, 600)), /weight_shape/],
    ['compressed-tensors: groups', packed(size(4, 63)), /weight_scale/],
    [
      'compressed-tensors: zero points',
      packed(size(4, 64), whole('weight_zero_point', 'I32', [2, 2])),
      /weight_zero_point/,
    ],
    [
      'HQQ: zero points',
      hqq(whole('scale', 'F16', [4, 1]), whole('zero', 'F16', [1, 4])),
      /^"zero"/,
    ],
    ['HQQ: groups', hqq(whole('scale', 'F16', [3, 1]), whole('zero', 'F16', [3, 1])), /^"scale"/],
    ['NF4: shape', nf4(good.replace('16', '17')), /quant_state/],
    ['NF4: scales', nf4(good.replace('64', '32')), /^"weight.absmax"/],
    ['NF4: scales of scales', nf4(nested, whole('weight.nested_absmax', 'F32', [1])), /absmax/],
  ])('%s', async (_, tensors, part) => {
    const { unreadable } = await weightOf(tensors);
    expect(unreadable).toMatch(part);
    expect(unreadable).toMatch(/does not fit codes of .*: download or export it again$/);
  });
});

it('a group that is none is an error when it is met', async () => {
  const groups = { ...whole('g_idx', 'I32', [32]), name: `${module}.g_idx` };
  groups.bytes[0] = 2;
  const { tensors } = await modelOf([...gptq, groups]);
  const weight = tensors.find(({ name }) => name === `${module}.weight`)!;
  await expect(weight.read()).rejects.toMatchObject({
    code: 'INVALID_CHECKPOINT',
    message: expect.stringMatching(/g_idx" names a group that is none of 2/),
  });
});
