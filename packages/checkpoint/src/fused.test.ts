import type { WeightDescription, WeightTensor } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FusedPart, fusedParts, partOf } from './fused.js';
import { identify } from './naming/index.js';

function describeWeight(name: string, shape: number[], config = {}): WeightDescription {
  return { name, shape, dtype: 'F32', ...identify(name, shape, config) };
}

const product = (lengths: readonly number[]) => lengths.reduce((a, b) => a * b, 1);

/** A weight in memory whose elements count up from zero, with a record of what was read. */
function counting(shape: number[], start = 0): WeightTensor & { reads: Array<[number, number]> } {
  const values = Float32Array.from({ length: product(shape) }, (_, i) => start + i);
  const reads: Array<[number, number]> = [];
  return {
    ...{ name: 'w', shape, dtype: 'F32', kind: 'projection', block: 1, reads },
    async read(from = 0, to = values.length, signal) {
      signal?.throwIfAborted();
      reads.push([from, to]);
      return values.slice(from, to);
    },
    async readInto(target, from) {
      reads.push([from, from + target.byteLength / 4]);
      const bytes = new Uint8Array(values.buffer, 4 * from, target.byteLength);
      target.set(bytes);
    },
  };
}

/** Independent of the code under test: one element after another, by its coordinates. */
function naive(shape: readonly number[], { axis, ranges }: FusedPart): number[] {
  const indices = ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => from + i),
  );
  const wanted: number[] = [];
  const walk = (dimension: number, offset: number): void => {
    if (dimension === shape.length) {
      wanted.push(offset);
      return;
    }
    const all = Array.from({ length: shape[dimension]! }, (_, i) => i);
    for (const i of dimension === axis ? indices : all) {
      walk(dimension + 1, offset * shape[dimension]! + i);
    }
  };
  walk(0, 0);
  return wanted;
}

const rows = (parts: FusedPart[]) => parts.map(({ label, axis, ranges }) => [label, axis, ranges]);

describe('fusedParts', () => {
  it('divides the columns of GPT-2', () => {
    expect(fusedParts(describeWeight('h.0.attn.c_attn.weight', [4, 12]))).toEqual([
      { label: 'q', role: 'q_proj', axis: 1, ranges: [[0, 4]] },
      { label: 'k', role: 'k_proj', axis: 1, ranges: [[4, 8]] },
      { label: 'v', role: 'v_proj', axis: 1, ranges: [[8, 12]] },
    ]);
  });

  const qkv = describeWeight('model.layers.0.self_attn.qkv_proj.weight', [16, 8]);

  it('divides the rows of Phi-3 by its heads', () => {
    const config = { num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 8 };
    const expected = [
      ['q', 0, [[0, 8]]],
      ['k', 0, [[8, 12]]],
      ['v', 0, [[12, 16]]],
    ];
    expect(rows(fusedParts(qkv, config))).toEqual(expected);
    expect(rows(fusedParts(qkv, { text_config: config }))).toEqual(expected);
    const wide = { ...qkv, shape: [32, 8] };
    expect(rows(fusedParts(wide, { ...config, head_dim: 4 }))[0]).toEqual(['q', 0, [[0, 16]]]);
  });

  it('halves gate_up_proj along its outputs, in turns for gpt-oss', () => {
    const dense = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [6, 4]);
    expect(rows(fusedParts(dense))).toEqual([
      ['gate', 0, [[0, 3]]],
      ['up', 0, [[3, 6]]],
    ]);
    const name = 'model.layers.0.mlp.experts.gate_up_proj';
    expect(rows(fusedParts(describeWeight(name, [2, 8, 6])))).toEqual([
      ['gate', 2, [[0, 3]]],
      ['up', 2, [[3, 6]]],
    ]);
    const linear = describeWeight(name, [2, 6, 8], { hidden_size: 8 });
    expect(rows(fusedParts(linear))[1]).toEqual(['up', 1, [[3, 6]]]);
    expect(rows(fusedParts(describeWeight(name, [2, 8, 4]), { model_type: 'gpt_oss' }))).toEqual([
      [
        'gate',
        2,
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        'up',
        2,
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
  });

  it('gathers the heads of GPT-NeoX', () => {
    const weight = describeWeight('gpt_neox.layers.0.attention.query_key_value.weight', [12, 4]);
    expect(rows(fusedParts(weight, { num_attention_heads: 2 }))).toEqual([
      [
        'q',
        0,
        [
          [0, 2],
          [6, 8],
        ],
      ],
      [
        'k',
        0,
        [
          [2, 4],
          [8, 10],
        ],
      ],
      [
        'v',
        0,
        [
          [4, 6],
          [10, 12],
        ],
      ],
    ]);
  });

  it('tells the families apart that call it query_key_value', () => {
    const name = 'transformer.h.0.self_attention.query_key_value.weight';
    const weight = describeWeight(name, [16, 8]);
    const groups = { model_type: 'falcon', new_decoder_architecture: true, num_kv_heads: 2 };
    expect(rows(fusedParts(weight, { ...groups, num_attention_heads: 4 }))).toEqual([
      [
        'q',
        0,
        [
          [0, 4],
          [8, 12],
        ],
      ],
      [
        'k',
        0,
        [
          [4, 6],
          [12, 14],
        ],
      ],
      [
        'v',
        0,
        [
          [6, 8],
          [14, 16],
        ],
      ],
    ]);
    const single = { model_type: 'falcon', multi_query: true, num_attention_heads: 6 };
    expect(rows(fusedParts(weight, single))[1]).toEqual(['k', 0, [[12, 14]]]);
    const bloom = { model_type: 'bloom', n_head: 2 };
    const even = describeWeight(name, [12, 4]);
    expect(rows(fusedParts(even, bloom))[1]).toEqual([
      'k',
      0,
      [
        [2, 4],
        [8, 10],
      ],
    ]);
  });

  it.each([
    ['no config', {}, /num_attention_heads/],
    ['heads of the wrong type', { num_attention_heads: '4' }, /num_attention_heads/],
    [
      'no key-value heads, which then are as many',
      { num_attention_heads: 4 },
      /16 outputs are not/,
    ],
    ['another head size', { num_attention_heads: 4, num_key_value_heads: 2, head_dim: 3 }, /of 3/],
  ])('does not guess with %s', (_, config, message) => {
    expect(() => fusedParts(qkv, config)).toThrow(message);
    expect(() => fusedParts(qkv, config)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        details: { tensor: qkv.name },
        message: expect.stringMatching(/qkv_proj\.weight: .*without splitting/),
      }),
    );
  });

  it('does not guess at unknown families and odd sizes', () => {
    const name = 'encoder.layers.0.self_attention.query_key_value.weight';
    const weight = describeWeight(name, [12, 4]);
    const config = { num_attention_heads: 2 };
    expect(() => fusedParts(weight, config)).toThrow(/no model_type/);
    expect(() => fusedParts(weight, { ...config, model_type: 'x' })).toThrow(/"x" is not known/);
    const odd = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [5, 4]);
    expect(() => fusedParts(odd)).toThrow(/5 outputs do not divide into 2/);
  });

  it('leaves alone what is not fused', () => {
    for (const [name, shape] of [
      ['model.layers.0.self_attn.q_proj.weight', [4, 4]],
      ['encoder.layer.0.attention.self.query.weight', [4, 4]],
      ['h.0.attn.c_attn.bias', [12]],
      ['model.layers.0.mlp.experts.gate_up_proj_bias', [2, 6]],
    ] as const) {
      expect(fusedParts(describeWeight(name, [...shape]))).toEqual([]);
    }
  });
});

const cases = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    axis: fc.nat(),
    cuts: fc.array(fc.nat(7), { minLength: 2, maxLength: 6 }),
    from: fc.nat(),
    to: fc.nat(),
  })
  .map(({ shape, axis: anyAxis, cuts, from, to }) => {
    const axis = anyAxis % shape.length;
    const sorted = cuts.map((cut) => Math.min(cut, shape[axis]!)).sort((a, b) => a - b);
    const ranges = Array.from({ length: Math.floor(sorted.length / 2) }, (_, i) => {
      return [sorted[2 * i]!, sorted[2 * i + 1]!] as const;
    });
    const part: FusedPart = { label: 'q', role: 'q_proj', axis, ranges };
    const count = naive(shape, part).length;
    const [start, end] = [from % (count + 1), to % (count + 1)].sort((a, b) => a - b);
    return { shape, part, start: start!, end: end! };
  });

describe('partOf', () => {
  it('reads what a naive gather picks', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, part, start, end }) => {
        const tensor = partOf(counting(shape), part);
        const expected = naive(shape, part);
        expect(product(tensor.shape)).toBe(expected.length);
        expect([...(await tensor.read())]).toEqual(expected);
        expect([...(await tensor.read(start, end))]).toEqual(expected.slice(start, end));
        if (!tensor.readInto) return;
        const target = new Float32Array(end - start);
        await tensor.readInto(new Uint8Array(target.buffer), start);
        expect([...target]).toEqual(expected.slice(start, end));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['short runs, many to a chunk', [700, 900], 1, [[300, 600]]],
    [
      'long runs with long gaps',
      [3, 30, 20_000],
      1,
      [
        [0, 2],
        [7, 9],
      ],
    ],
    ['a run of several chunks', [2, 6, 100_000], 1, [[1, 5]]],
    ['single columns', [300, 1000], 1, Array.from({ length: 500 }, (_, i) => [2 * i, 2 * i + 1])],
  ] as Array<[string, number[], number, Array<[number, number]>]>)(
    'reads at most 2^18 elements at a time: %s',
    async (_, shape, axis, ranges) => {
      const weight = counting(shape);
      const part = { label: 'k', role: 'k_proj', axis, ranges };
      const tensor = partOf(weight, part);
      const expected = Float32Array.from(naive(shape, part));
      const values = await tensor.read();
      expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(expected.buffer))).toBe(0);
      expect([...(await tensor.read(12_345, 12_360))]).toEqual([...expected.slice(12_345, 12_360)]);
      for (const [from, to] of weight.reads) expect(to - from).toBeLessThanOrEqual(1 << 18);
      const spans = weight.reads.reduce((sum, [from, to]) => sum + to - from, 0);
      expect(weight.reads.length).toBeLessThan(4 + spans / 50_000);
    },
  );

  it('describes the part', () => {
    const part: FusedPart = { label: 'k', role: 'k_proj', axis: 1, ranges: [[4, 8]] };
    const { read: _, ...description } = partOf({ ...counting([4, 12]), inputFirst: true }, part);
    expect(description).toMatchObject({
      ...{ name: 'w[k]', partOf: 'w', role: 'k_proj', shape: [4, 4] },
      ...{ block: 1, kind: 'projection', dtype: 'F32', inputFirst: true },
    });
  });

  it('has stored bytes only where they are one run', () => {
    const part = (axis: number, ...ranges: Array<[number, number]>) =>
      partOf(counting([6, 4]), { label: 'q', role: 'q_proj', axis, ranges }).readInto;
    expect(part(0, [2, 4])).toBeDefined();
    expect(part(0, [0, 1], [2, 4])).toBeUndefined();
    expect(part(1, [2, 4])).toBeUndefined();
  });

  it('keeps the precision of the stored tensor, and hands on an abort', async () => {
    const values = Float64Array.from([1, 2, 3, 4].map((value) => value + 2 ** -40));
    const weight: WeightTensor = {
      ...{ name: 'w', shape: [2, 2], dtype: 'F64', kind: 'projection' },
      async read(from, to, signal) {
        signal?.throwIfAborted();
        return values.slice(from, to);
      },
    };
    const tensor = partOf(weight, { label: 'q', role: 'q_proj', axis: 1, ranges: [[1, 2]] });
    expect(await tensor.read()).toEqual(Float64Array.of(values[1]!, values[3]!));
    expect(await tensor.read(1, 1)).toEqual(new Float64Array(0));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tensor.read(0, 2, signal)).rejects.toThrow('enough');
  });

  it.each([
    [-1, 2],
    [0, 9],
    [3, 2],
    [0.5, 2],
  ])('refuses the range %d to %d', async (start, end) => {
    const tensor = partOf(counting([4, 4]), {
      label: 'q',
      role: 'q_proj',
      axis: 0,
      ranges: [[0, 2]],
    });
    await expect(tensor.read(start, end)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
