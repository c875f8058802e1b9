/** Adapters of PEFT in, adapters of PEFT out: the update of every module stays what it was. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Adapter, readAdapter, serializeSafetensors } from '@alphalora/checkpoint';
import { convertAdapter } from '@alphalora/checkpoint/adapters';
import { openAdapter } from '@alphalora/checkpoint/node';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import {
  floats,
  joined,
  projection,
  sources,
  sourcesOf,
  stateOf,
  tensorsIn,
} from '../test-support/adapters.js';
import type { AdapterState } from './adapter-spec.js';
import { importPeft, peftFiles } from './peft.js';
import { readAdapterFiles } from './read.js';
import { adapterFiles } from './write.js';

const q = 'model.layers.0.self_attn.q_proj';
const v = 'model.layers.0.self_attn.v_proj';
const on = (module: string, suffix: string): string => `base_model.model.${module}.${suffix}`;

const factors = [
  floats(on(q, 'lora_A.weight'), [1, 3], [1, 2, 3]),
  floats(on(q, 'lora_B.weight'), [2, 1], [4, 5]),
  floats(on(v, 'lora_A.weight'), [4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]),
  floats(on(v, 'lora_B.weight'), [1, 4], [1, 2, 3, 4]),
];

const importOf = (config: object, more: typeof factors = []) =>
  readAdapterFiles(
    sources(serializeSafetensors({ tensors: [...factors, ...more] }), {
      peft_type: 'LORA',
      r: 4,
      lora_alpha: 8,
      rank_pattern: { q_proj: 1 },
      ...config,
    }),
  );

describe('import from PEFT', () => {
  it('follows rank_pattern and alpha_pattern', async () => {
    const { state, base, inputFirst } = await importOf({
      alpha_pattern: { 'layers\\.0\\..*q_proj': 3 },
      base_model_name_or_path: 'org/model',
      lora_dropout: 0.1,
    });
    expect([base, inputFirst, state.spec.dropout]).toEqual(['org/model', undefined, 0.1]);
    expect(state.spec.projections).toEqual([
      projection({ inputs: 3, outputs: 2, ranks: [1], scalings: [3] }),
      projection({
        name: v,
        role: 'v_proj',
        inputs: 3,
        outputs: 1,
        ranks: [4],
        scalings: [2],
      }),
    ]);
    // Transposed: [inputs, rank] and [rank, outputs].
    expect(state.tensors[`${v}.lora_A`]).toEqual({
      shape: [3, 4],
      values: Float32Array.of(1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1),
    });
    expect(state.tensors[`${v}.lora_B`]).toEqual({
      shape: [4, 1],
      values: Float32Array.of(1, 2, 3, 4),
    });
  });

  it('follows use_rslora', async () => {
    const { state } = await importOf({ use_rslora: true });
    expect(state.spec.projections.map(({ scalings }) => scalings)).toEqual([[8], [4]]);
  });

  it.each<[string, object, typeof factors, string]>([
    ['lora_bias', { lora_bias: true }, [], 'lora_bias is set'],
    ['a bias of B', {}, [floats(on(q, 'lora_B.bias'), [2], [1, 2])], 'lora_bias is set'],
    ['trained biases', { bias: 'all' }, [floats(on(q, 'bias'), [2], [1, 2])], 'whole'],
    ['whole modules', {}, [floats('base_model.model.lm_head.weight', [1], [1])], 'lm_head'],
    [
      'heads',
      {},
      [
        floats('base_model.model.lm_head.lora_A.weight', [4, 3], Array(12).fill(1)),
        floats('base_model.model.lm_head.lora_B.weight', [9, 4], Array(36).fill(1)),
      ],
      'it adapts "lm_head"',
    ],
    [
      'embeddings',
      {},
      [
        floats(on('model.embed_tokens', 'lora_embedding_A'), [4, 3], Array(12).fill(1)),
        floats(on('model.embed_tokens', 'lora_embedding_B'), [9, 4], Array(36).fill(1)),
      ],
      'it adapts "model.embed_tokens"',
    ],
    ['DoRA', { use_dora: true }, [], 'use_dora'],
  ])('refuses %s, with the reason', async (_, config, more, message) => {
    await expect(importOf(config, more)).rejects.toMatchObject({
      tag: 'alphalora',
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringContaining(message),
    });
  });

  it('refuses NaN', async () => {
    await expect(
      importOf({}, [
        floats(on('model.layers.1.mlp.up_proj', 'lora_A.weight'), [4, 1], [1, 1, 1, NaN]),
        floats(on('model.layers.1.mlp.up_proj', 'lora_B.weight'), [1, 4], [1, 1, 1, 1]),
      ]),
    ).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringContaining('NaN'),
    });
  });
});

/** scale * B A of every module, by the reader of @alphalora/checkpoint, and what it is scaled by. */
async function updatesOf(adapter: Adapter): Promise<Record<string, number[]>> {
  const products: Record<string, number[]> = {};
  for (const { module, rank, scale, inputs, outputs, readA, readB } of adapter.updates) {
    const [a, b] = [await readA(), await readB()];
    products[module] = Array.from({ length: outputs * inputs }, (_, at) => {
      const [o, i] = [Math.floor(at / inputs), at % inputs];
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += b[o * rank + k]! * a[k * inputs + i]!;
      return scale * sum;
    });
  }
  return products;
}

/** scaling * (A B) transposed, from the adapter in memory. */
function updatesIn({ spec, tensors }: AdapterState): Record<string, number[]> {
  return Object.fromEntries(
    spec.projections.map(({ name, inputs, outputs, ranks: [rank], scalings: [scaling] }) => {
      const a = tensors[`${name}.lora_A`]!.values;
      const b = tensors[`${name}.lora_B`]!.values;
      const product = Array.from({ length: outputs }, (_, o) =>
        Array.from({ length: inputs }, (_, i) => {
          let sum = 0;
          for (let k = 0; k < rank!; k++) sum += a[i * rank! + k]! * b[k * outputs + o]!;
          return scaling! * sum;
        }),
      );
      return [name, product.flat()];
    }),
  );
}

function expectClose(actual: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    const off = values.map((value, i) => Math.abs(value - actual[name]![i]!));
    expect(Math.max(...off), name).toBeLessThan(1e-6 * Math.max(...values.map(Math.abs)));
  }
}

describe('export to PEFT', () => {
  const several = stateOf([
    projection({ ranks: [2], scalings: [3] }),
    projection({ name: v, role: 'v_proj', inputs: 4, outputs: 5, ranks: [3], scalings: [0.125] }),
    projection({ name: 'model.layers.1.mlp.up_proj', block: 1, ranks: [3], scalings: [-2] }),
  ]);

  it.each([false, true])('keeps the updates (one rank: %s)', async (uniformRank) => {
    const files = peftFiles(several, { uniformRank, base: 'org/model' });
    const { r, lora_alpha, alpha_pattern, rank_pattern } = JSON.parse(files.config);
    expect([r, lora_alpha]).toEqual([3, 3]);
    expect(alpha_pattern).toEqual(rank_pattern);
    expect(Object.values(rank_pattern)).toEqual(uniformRank ? [] : [2]);
    const adapter = await readAdapter(sourcesOf(files));
    expect(adapter.updates.map(({ scale }) => scale)).toEqual([1, 1, 1]);
    expectClose(await updatesOf(adapter), updatesIn(several));
  });

  it('multiplies nothing in where one rank and one scaling say it all', async () => {
    const state = stateOf([
      projection({ ranks: [2], scalings: [8] }),
      projection({ name: v, inputs: 4, outputs: 5, ranks: [2], scalings: [8] }),
    ]);
    const files = peftFiles(state);
    const own = adapterFiles(state);
    expect(tensorsIn(files.weights)).toEqual(tensorsIn(own.weights));
    const patterns = { rank_pattern: {}, alpha_pattern: {} };
    expect(JSON.parse(files.config)).toMatchObject({ r: 2, lora_alpha: 16, ...patterns });
  });

  it('is not needed for PEFT to read adapters of one expert', async () => {
    const adapter = await readAdapter(sourcesOf(adapterFiles(several)));
    expect(adapter.updates.map(({ scale }) => scale)).toEqual([3, 0.125, -2]);
    expectClose(await updatesOf(adapter), updatesIn(several));
  });

  it('becomes an adapter of ours again by conversion, with the same bytes and settings', async () => {
    const up = { name: 'model.layers.1.mlp.up_proj', block: 1, role: 'up_proj' };
    const state = stateOf([
      projection({ ranks: [2], scalings: [8], topK: 1 }),
      projection({ ...up, inputs: 4, outputs: 5, ranks: [3], scalings: [-2] }),
    ]);
    const own = adapterFiles(state, { base: 'org/model' });
    const adapter = await readAdapter(sourcesOf(own));
    const { files } = await convertAdapter(adapter, { to: 'alphalora' });
    const [weights, config] = [files['adapter_model.safetensors']!, files['adapter_config.json']!];
    expect(joined(weights)).toEqual(joined(own.weights));
    const text = new TextDecoder().decode(config[0]);
    expect(JSON.parse(text)).toEqual(JSON.parse(own.config));
    const again = await readAdapterFiles(sourcesOf({ weights, config: text }));
    expect(again).toEqual({ state, base: 'org/model' });
  });

  it('refuses several experts', () => {
    expect(() => peftFiles(stateOf([projection({ ranks: [1, 1, 1] })]))).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('3 experts, and PEFT has one'),
      }),
    );
  });
});

const trained = 'data/lora-gpt2-tigrinya';

/** Comparing millions of numbers one by one takes seconds. */
function hashesOf(tensors: AdapterState['tensors']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return [name, `${shape}: ${createHash('sha256').update(bytes).digest('hex')}`];
    }),
  );
}

describeUnless(sharedLacks(trained), 'a trained adapter', () => {
  it('comes in and goes out equal', async () => {
    const adapter = await openAdapter(shared(trained));
    const imported = await importPeft(adapter);
    await adapter.close();
    const { spec, tensors } = imported.state;
    // As its SOURCE.txt says: r 8, alpha 32, c_attn and two c_proj in each of 12 blocks.
    expect(spec.projections).toHaveLength(36);
    expect(Object.keys(tensors)).toHaveLength(72);
    expect(spec.projections[0]).toEqual({
      name: 'transformer.h.0.attn.c_attn',
      block: 0,
      role: 'c_attn',
      inputs: 768,
      outputs: 2304,
      ranks: [8],
      scalings: [4],
      topK: 1,
    });
    const { state: _, ...base } = imported;
    expect(base).toEqual({ base: 'gpt2', inputFirst: true });
    const original = tensorsIn([readFileSync(join(shared(trained), 'adapter_model.safetensors'))]);
    const config = JSON.parse(readFileSync(join(shared(trained), 'adapter_config.json'), 'utf8'));
    for (const files of [peftFiles(imported.state, base), adapterFiles(imported.state, base)]) {
      expect(hashesOf(tensorsIn(files.weights))).toEqual(hashesOf(original));
      const {
        target_modules,
        task_type,
        molora: _,
        ...written
      } = JSON.parse(files.config) as Record<string, unknown>;
      expect(config).toMatchObject(written);
      expect(target_modules).toEqual(spec.projections.map(({ name }) => name));
      const again = await readAdapterFiles(sourcesOf(files));
      expect(again.state.spec).toEqual(spec);
      expect(hashesOf(again.state.tensors)).toEqual(hashesOf(tensors));
    }
  });
});
