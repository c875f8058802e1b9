/** Weights that are listed, one for each matrix, and not read. */
import type { DType } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { adapterOf, lora, modelOf } from '../test-support/adapters.js';
import { storedBytes } from '../values/sizes.js';

const q = 'model.layers.0.self_attn.q_proj';

const tensor = (name: string, dtype: DType, shape: readonly number[]) => {
  const count = shape.reduce((product, length) => product * length, 1);
  return { name: `${q}.${name}`, dtype, shape, bytes: new Uint8Array(storedBytes(dtype, count)) };
};

const aqlm = [
  tensor('codes', 'I16', [128, 8, 1]),
  tensor('codebooks', 'F16', [1, 256, 1, 8]),
  tensor('scales', 'F16', [128, 1, 1, 1]),
];

describe('weights of codebooks', () => {
  it.each([
    ['AQLM', aqlm, [128, 64]],
    [
      'EXL3',
      [
        tensor('trellis', 'I16', [4, 8, 48]),
        tensor('svh', 'F16', [128]),
        tensor('suh', 'F16', [64]),
      ],
      [128, 64],
    ],
    [
      'VPTQ',
      [tensor('indices', 'I32', [1, 16, 64]), tensor('centroids.weight', 'F16', [1, 512])],
      [1, 16, 64],
    ],
  ] as const)('%s', async (scheme, parts, shape) => {
    const { tensors } = await modelOf(parts);
    const [weight, ...others] = tensors.toSorted((a, b) => Number(b.kind > a.kind) - 0.5);
    expect(weight).toMatchObject({
      name: `${q}.weight`,
      shape,
      role: 'q_proj',
      kind: 'projection',
      unreadable: expect.stringMatching(
        new RegExp(`^${scheme}.*: .*measure the original checkpoint`),
      ),
      quantization: expect.stringMatching(new RegExp(`^${scheme}`)),
    });
    await expect(weight!.read()).rejects.toMatchObject({ code: 'UNSUPPORTED_CHECKPOINT' });
    expect(others.map(({ kind }) => kind)).toEqual(others.map(() => 'other'));
  });

  it.each([
    [
      'EXL2',
      [
        ['q_weight', 'I32', [8, 128]],
        ['q_groups', 'I16', [4]],
        ['q_invperm', 'I32', [64]],
      ],
    ],
    [
      'QuIP#',
      [
        ['Qidxs', 'I64', [128, 1]],
        ['SV', 'F16', [128]],
        ['SU', 'F16', [64]],
      ],
    ],
  ] as const)('%s have the shape that the parts tell', async (scheme, parts) => {
    const { tensors } = await modelOf(
      parts.map(([name, dtype, shape]) => tensor(name, dtype, shape)),
    );
    const weight = tensors.find(({ name }) => name === `${q}.weight`);
    expect(weight).toMatchObject({
      shape: [128, 64],
      quantization: expect.stringContaining(scheme),
    });
  });

  it('have the shape that the configuration of VPTQ says', async () => {
    const parts = [tensor('indices', 'I32', [1, 5]), tensor('centroids.weight', 'F16', [1, 512])];
    const layer = { in_features: 64, out_features: 128, vector_lens: [-1, 8] };
    const config = { quantization_config: { config_for_layers: { [q]: layer } } };
    const { tensors } = await modelOf(parts, {}, config);
    expect(tensors.find(({ unreadable }) => unreadable !== undefined)!.shape).toEqual([128, 64]);
  });

  it('take no adapter', async () => {
    const adapter = await adapterOf(lora(q, [[1]], [[1]]), { r: 1, lora_alpha: 1 });
    await expect(modelOf(aqlm, { adapter })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringMatching(/q_proj\.weight/),
    });
  });
});

it('groups of optimum-quanto are one weight too', async () => {
  const parts = [
    tensor('weight._data._data', 'U8', [64, 128]),
    tensor('weight._scale', 'BF16', [128, 1]),
    tensor('weight._shift', 'BF16', [128, 1]),
  ];
  const { tensors } = await modelOf(parts);
  expect(tensors.filter(({ kind }) => kind !== 'other')).toMatchObject([
    { name: `${q}.weight`, role: 'q_proj', unreadable: expect.stringMatching(/^quanto, groups/) },
  ]);
});
