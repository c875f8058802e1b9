import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { matrix, modelOf, vector } from '../../test-support/adapters.js';

const up = 'model.layers.0.mlp.up_proj';
const down = 'model.layers.0.mlp.down_proj';

/** 8-bit floats [4, 6] of 1, or of 0.25, as they are stored in each type. */
const fp8 = (name: string, dtype: TensorData['dtype'] = 'F8_E4M3'): TensorData => ({
  name,
  dtype,
  shape: [4, 6],
  bytes: new Uint8Array(24).fill(dtype === 'F8_E5M2' ? 0x34 : 0x38),
});

async function weightIn(tensors: TensorData[], config?: object) {
  const { tensors: weights } = await modelOf(tensors, {}, config);
  return weights.find(({ name }) => name === `${up}.weight`)!;
}

describe('8-bit floats that nothing says are codes', () => {
  it.each([
    ['F8_E4M3', 1, 'FP8, E4M3'],
    ['F8_E5M2', 0.25, 'FP8, E5M2'],
  ] as const)('are numbers, %s', async (dtype, value, quantization) => {
    const weight = await weightIn([fp8(`${up}.weight`, dtype)]);
    expect(weight).toMatchObject({ dtype, shape: [4, 6], quantization });
    expect(weight.unreadable).toBeUndefined();
    expect([...(await weight.read())]).toEqual(Array.from({ length: 24 }, () => value));
  });

  it.each<[string, TensorData]>([
    ['biases', vector(`${up}.bias`, [1, 2, 3, 4])],
    ['biases of other names', vector(`${up}.weight_bias`, [1, 2, 3, 4])],
    ['what cannot be a scale', vector(`${up}.frequencies`, [1, 2, 3, 4, 5])],
    ['integers', { name: `${up}.steps`, dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }],
    ['other casts', { name: `${up}.gain`, dtype: 'F8_E4M3', shape: [4], bytes: new Uint8Array(4) }],
    ['tensors of modules within', vector(`${up}.norm.weight`, [1, 2, 3, 4])],
    ['tensors of other modules', vector(`${down}.wscale`, [1])],
  ])('are numbers beside %s', async (_, other) => {
    const weight = await weightIn([fp8(`${up}.weight`), other]);
    expect(weight.unreadable).toBeUndefined();
    expect(await weight.read(0, 1)).toEqual(Float32Array.of(1));
  });
});

describe('8-bit floats beside what may be their scale', () => {
  const column = [[1], [2], [3], [4]];
  it.each<[string, TensorData]>([
    ['scales', matrix(`${up}.scales`, column)],
    [
      'scales',
      matrix(`${up}.scales`, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ],
    ['weight_scales', matrix(`${up}.weight_scales`, column)],
    ['wscale', vector(`${up}.wscale`, [1])],
    ['weight.scale', matrix(`${up}.weight.scale`, column)],
    ['weight_qscale', vector(`${up}.weight_qscale`, [1, 2, 3, 4])],
    ['weight_scale_2x', vector(`${up}.weight_scale_2x`, [1])],
    // Whatever its shape, and the type that it is stored in.
    ['row_scales', vector(`${up}.row_scales`, [1, 2, 3, 4, 5])],
    ['mx_scale', { name: `${up}.mx_scale`, dtype: 'U8', shape: [4, 1], bytes: new Uint8Array(4) }],
    // Whatever its name: one number, one for each row, each column, or each block.
    ['alpha', vector(`${up}.alpha`, [1])],
    ['alpha', matrix(`${up}.alpha`, column)],
    ['alpha', vector(`${up}.alpha`, [1, 2, 3, 4], 'BF16')],
    ['alpha', vector(`${up}.alpha`, [1, 2, 3, 4, 5, 6])],
    [
      'alpha',
      matrix(`${up}.alpha`, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ],
  ])('are not measured: %s', async (called, scale) => {
    const { tensors } = await modelOf([fp8(`${up}.weight`), scale]);
    const weight = tensors.find(({ name }) => name === `${up}.weight`)!;
    expect(weight).toMatchObject({ dtype: 'F8_E4M3', shape: [4, 6], quantization: 'FP8, E4M3' });
    expect(weight.unreadable).toMatch(
      `FP8 beside "${called}", which may be its scale and is not a name that is known: call it weight_scale if`,
    );
    await expect(weight.read()).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringContaining('call it weight_scale'),
    });
    expect(tensors.find(({ name }) => name === scale.name)).toMatchObject({
      kind: 'other',
      notMatrix: 'a part of quantized weights (FP8, E4M3)',
    });
  });

  it('name the one that is called a scale', async () => {
    const others = [vector(`${up}.alpha`, [1]), vector(`${up}.wscale`, [1])];
    expect((await weightIn([fp8(`${up}.weight`), ...others])).unreadable).toMatch('"wscale"');
  });

  it('are told of parameters in no layer', async () => {
    const { tensors } = await modelOf([fp8('w1'), vector('w1_scales', [1])]);
    expect(tensors.find(({ name }) => name === 'w1')!.unreadable).toMatch('"w1_scales"');
  });
});

describe('8-bit floats whose scale is missing', () => {
  const reason = /^FP8 whose scale is missing: give the model with all of its files/;

  it('are told by others that have theirs', async () => {
    const others = [fp8(`${down}.weight`), vector(`${down}.weight_scale`, [2])];
    const { tensors } = await modelOf([fp8(`${up}.weight`), ...others]);
    const [without, beside] = [up, down].map((module) =>
      tensors.find(({ name }) => name === `${module}.weight`),
    );
    expect(without!.unreadable).toMatch(reason);
    expect(beside!.unreadable).toBeUndefined();
    expect(await beside!.read(0, 1)).toEqual(Float32Array.of(2));
  });

  it('are told by the configuration', async () => {
    const config = { quantization_config: { quant_method: 'fp8' } };
    expect((await weightIn([fp8(`${up}.weight`)], config)).unreadable).toMatch(reason);
    expect((await weightIn([fp8(`${up}.weight`)], {})).unreadable).toBeUndefined();
  });

  it.each(['input_scale', 'input_scale_ub', 'scale_input', 'qscale_act', 'output_scale'])(
    'are told by scales of activations: %s',
    async (name) => {
      const weight = await weightIn([fp8(`${up}.weight`), vector(`${up}.${name}`, [1])]);
      expect(weight.unreadable).toMatch(reason);
    },
  );
});
