/** Mixtures of experts, in numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import { memorySource } from '../sources/memory.js';
import { adapterOf, fileOf, lora, matrix, modelOf } from '../test-support/adapters.js';
import type { ExpertChoice } from './adapter.js';
import { readAdapter } from './read.js';

const q = 'model.layers.0.self_attn.q_proj';
const v = 'model.layers.0.self_attn.v_proj';
const wrapped = `base_model.model.${q}`;

/** Two experts on q, which add 2 * [[1, 1]] and 3 * [[0, 2]]; one on v. */
const tensors = [
  matrix(`${wrapped}.lora_A_0.weight`, [[1, 1]]),
  matrix(`${wrapped}.lora_B_0.weight`, [[1]]),
  matrix(`${wrapped}.lora_A_1.weight`, [
    [0, 2],
    [5, 5],
  ]),
  matrix(`${wrapped}.lora_B_1.weight`, [[1, 0]]),
  matrix(`${wrapped}.router.router.weight`, [
    [1, 0],
    [0, 1],
  ]),
  ...lora(v, [[1, 0]], [[7]]),
];
const section = {
  version: 1,
  projections: [
    ...[{ name: q, block: 0, inputs: 2, outputs: 1, ranks: [1, 2], scalings: [2, 3], topK: 2 }],
    ...[{ name: v, block: 0, inputs: 2, outputs: 1, ranks: [1], scalings: [1], topK: 1 }],
  ],
  router: { name: 'top-k', options: {} },
  dropout: 0,
};

const read = (
  expert?: ExpertChoice,
  { molora = section, files = tensors }: { molora?: unknown; files?: typeof tensors } = {},
) =>
  readAdapter(
    {
      weights: memorySource(fileOf(files), 'own/adapter_model.safetensors'),
      config: memorySource(
        new TextEncoder().encode(
          JSON.stringify({ peft_type: 'MOLORA', base_model_name_or_path: 'base', molora }),
        ),
        'own/adapter_config.json',
      ),
      name: 'own',
    },
    expert === undefined ? {} : { expert },
  );

const base = [matrix(`${q}.weight`, [[10, 20]]), matrix(`${v}.weight`, [[30, 40]])];

describe('a mixture of experts', () => {
  it('is read expert by expert', async () => {
    const { format, base: of, mixture, updates, saved } = await read('each');
    expect({ format, of, saved }).toEqual({ format: 'AlphaLoRA', of: 'base', saved: [] });
    expect(mixture).toEqual({ router: 'top-k', topK: { [q]: 2, [v]: 1 } });
    expect(updates.map(({ module, expert, rank, scale }) => [module, expert, rank, scale])).toEqual(
      [
        [q, 0, 1, 2],
        [q, 1, 2, 3],
        [v, undefined, 1, 1],
      ],
    );
  });

  it.each<[ExpertChoice, number[], RegExp]>([
    [0, [12, 22], /expert 0 alone.*answers otherwise than the mixture/],
    [1, [10, 26], /expert 1 alone.*answers otherwise than the mixture/],
    ['mean', [11, 24], /the mean of all experts.*answers otherwise than the mixture/],
  ])('adds expert %s to a base', async (choice, expected, note) => {
    const adapter = await read(choice);
    expect(adapter.notes).toEqual([expect.stringMatching(note)]);
    const checkpoint = await modelOf(base, { adapter });
    expect(checkpoint.adapter).toMatchObject({ applied: 2, unmatched: [] });
    const values = await Promise.all(
      checkpoint.tensors.map(async (each) => [...(await each.read())]),
    );
    expect(values).toEqual([expected, [37, 40]]);
  });

  it.each<[ExpertChoice | undefined, string, RegExp]>([
    [
      undefined,
      'UNSUPPORTED_CHECKPOINT',
      /several LoRA experts \(up to 2, on 1 of 2 projections, of ranks? .*\), which the router ".*" .*--expert mean/,
    ],
    [2, 'INVALID_OPTION', /q_proj of own has 2 experts, numbered from 0: there is no expert 2/],
  ])('refuses expert %s', async (choice, code, message) => {
    await expect(read(choice)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('is needed for an expert to be chosen', async () => {
    const plain = readAdapter(
      {
        weights: memorySource(fileOf(lora(q, [[1, 1]], [[1]])), 'adapter_model.safetensors'),
        config: memorySource(new TextEncoder().encode('{"peft_type":"LORA","r":1}'), 'config'),
      },
      { expert: 0 },
    );
    await expect(plain).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const { updates } = await adapterOf(lora(q, [[1, 1]], [[1]]), { r: 1 });
    expect(updates).toHaveLength(1);
  });

  const [first, ...others] = section.projections;
  const withFirst = (changes: object) => ({
    ...section,
    projections: [{ ...first, ...changes }, ...others],
  });
  it.each<[string, unknown, RegExp]>([
    ['no projections', { ...section, projections: [] }, /projections is no list/],
    ['a number as projections', { ...section, projections: 7 }, /projections is no list/],
    ['a projection that is none', { ...section, projections: [null] }, /no name of a projection/],
    ['a name twice', { ...section, projections: [first, first] }, /twice/],
    ['ranks of zero', withFirst({ ranks: [0, 1] }), /no list of ranks/],
    ['a scaling too few', withFirst({ scalings: [1] }), /no scaling for each rank/],
    ['a scaling in words', withFirst({ scalings: [1, 'x'] }), /no scaling for each rank/],
    ['more experts per token than there are', withFirst({ topK: 3 }), /no topK within/],
    ['another rank', withFirst({ ranks: [2, 2] }), /gives the module the rank 2/],
    [
      'an expert that the file lacks',
      withFirst({ ranks: [1, 2, 1], scalings: [1, 1, 1] }),
      /lora_A_2.*missing/,
    ],
    [
      'an expert less than the file has',
      withFirst({ ranks: [1, 2].slice(1), scalings: [3], topK: 1 }),
      /lora_A.weight.*missing/,
    ],
  ])('refuses a section with %s', async (_, molora, message) => {
    await expect(read('each', { molora })).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(message),
    });
  });

  it('refuses tensors of nobody, and sections of later versions', async () => {
    await expect(read('each', { molora: null })).rejects.toThrow(/the section molora.* is missing/);
    const files = [...tensors, matrix('base_model.model.model.norm.weight', [[1]])];
    await expect(read('each', { files })).rejects.toThrow(/neither a factor/);
    await expect(read('each', { molora: { ...section, version: 2 } })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
    });
  });
});
