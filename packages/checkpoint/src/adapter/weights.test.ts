import { isAlphaLoraError } from '@alphalora/contracts';
import type { WeightTensor } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapterCheckpoint } from '../checkpoint.js';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { adapterOf, lora, matrix, modelOf, vector } from '../test-support/adapters.js';

const q = 'model.layers.0.self_attn.q_proj';
const cAttn = 'h.0.attn.c_attn';
const valuesOf = async ({ read }: WeightTensor) => [...(await read())];
const named = (tensors: readonly WeightTensor[], name: string) =>
  tensors.find((tensor) => tensor.name === name)!;

/** B A = [[4, 8, 12], [5, 10, 15]]. */
const one = (module: string) => lora(module, [[1, 2, 3]], [[4], [5]]);

/** Rows of scale * B A by the definition, element by element. */
function product(b: number[][], a: number[][], scale: number): number[][] {
  return b.map((row) =>
    a[0]!.map((_, j) => scale * row.reduce((sum, value, k) => sum + value * a[k]![j]!, 0)),
  );
}

async function refusal(attempt: Promise<unknown>) {
  const error = await attempt.catch((reason: unknown) => reason);
  if (!isAlphaLoraError(error)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message };
}

describe('an adapter alone', () => {
  it('is a checkpoint of its updates', async () => {
    const adapter = await adapterOf([...one(q), vector(`base_model.model.${q}.bias`, [7, 8])], {
      r: 1,
      lora_alpha: 2,
    });
    const checkpoint = adapterCheckpoint(adapter);
    expect(checkpoint).toMatchObject({
      source: 'lora',
      blocks: 1,
      config: { r: 1 },
      files: [{ name: 'adapter_model.safetensors' }],
    });
    const [weight, bias] = checkpoint.tensors;
    expect(weight).toMatchObject({
      name: `${q}.weight`,
      shape: [2, 3],
      dtype: 'F32',
      block: 0,
      role: 'q_proj',
      kind: 'projection',
    });
    expect(weight).not.toHaveProperty('inputFirst');
    expect(weight).not.toHaveProperty('readInto');
    expect(await valuesOf(weight!)).toEqual([8, 16, 24, 10, 20, 30]);
    const { factors } = weight!;
    expect(factors).toMatchObject({ rank: 1, scale: 2 });
    expect([...(await factors!.left())]).toEqual([4, 5]);
    expect([...(await factors!.right())]).toEqual([1, 2, 3]);
    expect(bias).toMatchObject({ name: `${q}.bias`, kind: 'bias', shape: [2] });
    expect(await valuesOf(bias!)).toEqual([7, 8]);
  });

  it('has the layout of Conv1D where the configuration says so', async () => {
    const adapter = await adapterOf(one(`transformer.${cAttn}`), {
      r: 1,
      lora_alpha: 1,
      fan_in_fan_out: true,
    });
    const [weight] = adapterCheckpoint(adapter).tensors;
    expect(weight).toMatchObject({ shape: [3, 2], inputFirst: true, role: 'c_attn', block: 0 });
    expect(await valuesOf(weight!)).toEqual([4, 5, 8, 10, 12, 15]);
    expect([...(await weight!.factors!.left())]).toEqual([1, 2, 3]);
  });

  it('knows a square linear weight from Conv1D by the configuration', async () => {
    const square = lora('transformer.h.0.attn.c_proj', [[1, 2]], [[3], [4]]);
    const linear = adapterCheckpoint(await adapterOf(square, { r: 1, lora_alpha: 1 })).tensors[0]!;
    expect(linear).not.toHaveProperty('inputFirst');
    expect(await valuesOf(linear)).toEqual([3, 6, 4, 8]);
  });

  it('has the rows of embeddings for inputs', async () => {
    const adapter = await adapterOf(
      [
        matrix('base_model.model.model.embed_tokens.lora_embedding_A', [[1, 2, 3]]),
        matrix('base_model.model.model.embed_tokens.lora_embedding_B', [[4], [5]]),
        matrix('base_model.model.model.embed_tokens.weight', [
          [9, 9],
          [9, 9],
          [9, 9],
        ]),
      ],
      { r: 1, lora_alpha: 1 },
    );
    const { tensors } = adapterCheckpoint(adapter);
    expect(tensors.map(({ name, kind, shape }) => [name, kind, ...shape])).toEqual([
      ['model.embed_tokens.weight', 'embedding', 3, 2],
      ['model.embed_tokens.base_layer.weight', 'embedding', 3, 2],
    ]);
    expect(tensors[0]).not.toHaveProperty('inputFirst');
    expect(await valuesOf(tensors[0]!)).toEqual([4, 5, 8, 10, 12, 15]);
  });

  it('reads any range of any product', async () => {
    const size = fc.integer({ min: 1, max: 6 });
    const number = fc.integer({ min: -9, max: 9 });
    const rows = (count: number, length: number) =>
      fc.array(fc.array(number, { minLength: length, maxLength: length }), {
        minLength: count,
        maxLength: count,
      });
    const factors = fc
      .tuple(size, size, size)
      .chain(([rank, inputs, outputs]) => fc.tuple(rows(rank, inputs), rows(outputs, rank)));
    await fc.assert(
      fc.asyncProperty(
        factors,
        fc.boolean(),
        fc.nat(36),
        fc.nat(36),
        async ([a, b], conv, x, y) => {
          const adapter = await adapterOf(lora(q, a, b), {
            r: a.length,
            lora_alpha: a.length / 2,
            fan_in_fan_out: conv,
          });
          const [weight] = adapterCheckpoint(adapter).tensors;
          const dense = product(b, a, 0.5);
          const stored = conv ? dense[0]!.map((_, j) => dense.map((row) => row[j]!)) : dense;
          const count = stored.flat().length;
          const [start, end] = [Math.min(x, count), Math.min(Math.max(x, y), count)];
          expect([...(await weight!.read(start, end))]).toEqual(stored.flat().slice(start, end));
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('refuses ranges that it does not have, and stops at an abort', async () => {
    const [weight] = adapterCheckpoint(await adapterOf(one(q), { r: 1 })).tensors;
    expect(await refusal(weight!.read(0, 7))).toMatchObject({ code: 'INVALID_OPTION' });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(weight!.read(0, 6, signal)).rejects.toThrow('enough');
  });

  it('claims no memory for a product that is larger than its factors', async () => {
    const name = 'model.layers.0.mlp.up_proj';
    const long = Array.from({ length: 300_000 }, (_, i) => i % 10);
    const adapter = await adapterOf(
      lora(
        name,
        [long],
        long.map((value) => [value]),
      ),
      {
        r: 1,
        lora_alpha: 1,
      },
    );
    const [weight] = adapterCheckpoint(adapter).tensors;
    expect(weight!.shape).toEqual([300_000, 300_000]);
    // Row 12 is twice the factor.
    expect([...(await weight!.read(12 * 300_000 + 5, 12 * 300_000 + 8))]).toEqual([10, 12, 14]);
    expect(await refusal(weight!.read())).toMatchObject({ code: 'UNSUPPORTED_CHECKPOINT' });
  });

  it.each([true, false])('splits fused updates, factors and all (Conv1D: %s)', async (conv) => {
    const module = conv ? `transformer.${cAttn}` : 'model.layers.0.mlp.gate_up_proj';
    const a = [
      [1, 2],
      [0, 1],
    ];
    const b = [
      [1, 0],
      [2, 1],
      [3, 0],
      [0, 4],
      [5, 5],
      [6, 0],
    ];
    const adapter = await adapterOf(lora(module, a, b), {
      r: 2,
      lora_alpha: 4,
      fan_in_fan_out: conv,
    });
    const parts = adapterCheckpoint(adapter, { splitFused: true }).tensors;
    const labels = conv ? ['q', 'k', 'v'] : ['gate', 'up'];
    expect(parts.map(({ name }) => name)).toEqual(
      labels.map((label) => `${module}.weight[${label}]`),
    );
    const outputs = b.length / labels.length;
    for (const [i, part] of parts.entries()) {
      const rows = product(b.slice(i * outputs, (i + 1) * outputs), a, 2);
      const expected = conv ? rows[0]!.map((_, j) => rows.map((row) => row[j]!)) : rows;
      expect(part.shape).toEqual([expected.length, expected[0]!.length]);
      expect(await valuesOf(part)).toEqual(expected.flat());
      const [left, right] = [await part.factors!.left(), await part.factors!.right()];
      const rowsOf = (values: ArrayLike<number>, columns: number) =>
        Array.from({ length: values.length / columns }, (_, row) =>
          Array.from(values).slice(row * columns, (row + 1) * columns),
        );
      expect(product(rowsOf(left, 2), rowsOf(right, part.shape[1]!), 2)).toEqual(expected);
    }
  });
});

describe('an adapter added to a base', () => {
  const base = (name = q, dtype: 'F32' | 'BF16' | 'F64' = 'BF16') => [
    matrix(`${name}.weight`, [[1, 2, 3], [4, 5, 6]], dtype), // biome-ignore format: a matrix
    matrix('model.layers.0.self_attn.k_proj.weight', [[1]], 'BF16'),
  ];
  const scaled = { r: 1, lora_alpha: 2 };

  it.each(['F32', 'BF16', 'F64'] as const)(
    'changes its modules of %s, and no others',
    async (dtype) => {
      const adapter = await adapterOf([...one(q), ...one('model.layers.5.mlp.up_proj')], scaled);
      const checkpoint = await modelOf(base(q, dtype), { adapter });
      expect(checkpoint.adapter).toEqual({
        source: 'lora',
        applied: 1,
        unmatched: ['model.layers.5.mlp.up_proj'],
        replaced: [],
      });
      expect(checkpoint.files.map(({ name }) => name)).toEqual([
        ...['model.safetensors', 'adapter_model.safetensors'],
      ]);
      const weight = named(checkpoint.tensors, `${q}.weight`);
      expect(weight).toMatchObject({ shape: [2, 3], dtype: 'F32', role: 'q_proj', block: 0 });
      expect(weight).not.toHaveProperty('readInto');
      expect(weight).not.toHaveProperty('factors');
      // [[1, 2, 3], [4, 5, 6]] + 2 [[4, 8, 12], [5, 10, 15]]
      expect(await weight.read()).toEqual(Float32Array.of(9, 18, 27, 14, 25, 36));
      expect([...(await weight.read(2, 4))]).toEqual([27, 14]);
      const other = named(checkpoint.tensors, 'model.layers.0.self_attn.k_proj.weight');
      expect(other.dtype).toBe('BF16');
      expect(await valuesOf(other)).toEqual([1]);
    },
  );

  it.each([
    [cAttn, `transformer.${cAttn}`],
    [`transformer.${cAttn}`, cAttn],
    ['layers.0.self_attn.q_proj', q],
    ['_orig_mod.module.model.layers.0._checkpoint_wrapped_module.self_attn.q_proj', q],
    [
      'language_model.model.layers.0.self_attn.q_proj',
      'model.language_model.layers.0.self_attn.q_proj',
    ],
  ])('finds %s for %s', async (inBase, inAdapter) => {
    const checkpoint = await modelOf(base(inBase), {
      adapter: await adapterOf(one(inAdapter), scaled),
    });
    expect(checkpoint.adapter).toMatchObject({ applied: 1, unmatched: [] });
    expect((await valuesOf(named(checkpoint.tensors, `${inBase}.weight`)))[0]).toBe(9);
  });

  it('prefers the same name, and does not guess between two', async () => {
    const tensors = [
      ...base(q),
      matrix('layers.0.self_attn.q_proj.weight', [
        [1, 1, 1],
        [1, 1, 1],
      ]),
    ];
    const exact = await modelOf(tensors, { adapter: await adapterOf(one(q), scaled) });
    expect((await valuesOf(named(exact.tensors, `${q}.weight`)))[0]).toBe(9);
    expect((await valuesOf(named(exact.tensors, 'layers.0.self_attn.q_proj.weight')))[0]).toBe(1);
    const between = adapterOf(one('transformer.layers.0.self_attn.q_proj'), scaled);
    expect(await refusal(between.then((adapter) => modelOf(tensors, { adapter })))).toMatchObject({
      code: 'INVALID_CHECKPOINT',
    });
  });

  it.each([true, false])(
    'follows the layout of the base, also when square (gpt2: %s)',
    async (gpt2) => {
      const name = 'transformer.h.0.attn.c_proj';
      const adapter = await adapterOf(lora(name, [[1, 2]], [[3], [4]]), { r: 1, lora_alpha: 1 });
      const zeros = matrix(`${name}.weight`, [
        [0, 0],
        [0, 0],
      ]);
      const { tensors } = await modelOf(
        [zeros],
        { adapter },
        { model_type: gpt2 ? 'gpt2' : 'gpt_bigcode' },
      );
      expect(await valuesOf(tensors[0]!)).toEqual(gpt2 ? [3, 4, 6, 8] : [3, 6, 4, 8]);
    },
  );

  it('is there before fused weights are split', async () => {
    const rows = [[0, 0, 0, 0, 0, 0]];
    const adapter = await adapterOf(
      lora(`transformer.${cAttn}`, [[1]], [[1], [2], [3], [4], [5], [6]]),
      { r: 1, lora_alpha: 1, fan_in_fan_out: true },
    );
    const options = { adapter, splitFused: true };
    const { tensors } = await modelOf([matrix(`${cAttn}.weight`, rows)], options, {
      model_type: 'gpt2',
    });
    expect(await Promise.all(tensors.map(valuesOf))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(tensors[0]).toMatchObject({ name: `${cAttn}.weight[q]`, dtype: 'F32', role: 'q_proj' });
  });

  it('takes the place of weights that the adapter holds whole, and adds new ones', async () => {
    const saved = [
      matrix('base_model.model.score.modules_to_save.default.weight', [[1, 1, 1]]),
      vector('base_model.model.model.layers.0.self_attn.q_proj.bias', [7, 8]),
      matrix('base_model.model.model.embed_tokens.base_layer.weight', [[5], [6], [7]]),
    ];
    const adapter = await adapterOf([...one(q), ...saved], scaled);
    const model = [
      ...base(),
      vector(`${q}.bias`, [0, 0], 'BF16'),
      matrix('model.embed_tokens.weight', [[1], [2]]),
    ];
    const checkpoint = await modelOf(model, { adapter });
    expect(checkpoint.adapter!.replaced.toSorted()).toEqual([
      ...['model.embed_tokens.weight', `${q}.bias`, 'score.weight'],
    ]);
    expect(await valuesOf(named(checkpoint.tensors, `${q}.bias`))).toEqual([7, 8]);
    expect(await valuesOf(named(checkpoint.tensors, 'model.embed_tokens.weight'))).toEqual([
      5, 6, 7,
    ]);
    expect(named(checkpoint.tensors, 'score.weight')).toMatchObject({
      kind: 'head',
      shape: [1, 3],
    });
    expect(checkpoint.tensors).toHaveLength(5);
  });

  const integers: TensorData = {
    ...matrix(`${q}.weight`, [
      [1, 2, 3],
      [4, 5, 6],
    ]),
    dtype: 'I32',
  };
  it.each<[string, TensorData[], TensorData[], string, RegExp]>([
    [
      'shapes',
      [
        matrix(`${q}.weight`, [
          [1, 2],
          [3, 4],
        ]),
      ],
      one(q),
      'INVALID_CHECKPOINT',
      /update is \[2, 3\], but "model\.layers\.0\.self_attn\.q_proj\.weight" of base\/model\.safetensors is \[2,2\]/,
    ],
    [
      'the transpose',
      [
        matrix(`${q}.weight`, [
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ],
      one(q),
      'INVALID_CHECKPOINT',
      /\[2, 3\], but .* is \[3,2\]/,
    ],
    [
      'names',
      base('model.layers.0.mlp.up_proj'),
      one(q),
      'INVALID_CHECKPOINT',
      /none of its modules \("model\.layers\.0\.self_attn\.q_proj"\) is in the base \("model.*the model that it was trained on/,
    ],
    [
      'two for one',
      base(),
      [...one(q), ...one('layers.0.self_attn.q_proj')],
      'INVALID_CHECKPOINT',
      /two modules for the weight/,
    ],
    ['integers', [integers], one(q), 'UNSUPPORTED_CHECKPOINT', /stored as I32, .*BF16/],
    [
      'packed values',
      [matrix(`${q}.qweight`, [[1]])],
      one(q),
      'UNSUPPORTED_CHECKPOINT',
      /q_proj\.qweight": it is stored as quantised values/,
    ],
    [
      'a bias of B',
      base(),
      [...one(q), vector(`${q}.lora_B.bias`, [1, 2])],
      'UNSUPPORTED_CHECKPOINT',
      /merge the adapter/,
    ],
    [
      'rows of an embedding',
      base(),
      [...one(q), matrix('model.embed_tokens.token_adapter.trainable_tokens_delta', [[1]])],
      'UNSUPPORTED_CHECKPOINT',
      /trainable_tokens_delta": .*merge/,
    ],
  ])('is refused for %s', async (_, model, tensors, code, message) => {
    const error = await refusal(
      adapterOf(tensors, { r: 1 }).then((adapter) => modelOf(model, { adapter })),
    );
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});
