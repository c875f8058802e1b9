/** Adapters of the released code of MoLA and AlphaLoRA, in numbers that can be checked by hand. */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { memorySource } from '../../sources/memory.js';
import { fileOf, lora, matrix } from '../../test-support/adapters.js';
import type { AdapterOptions } from '../adapter.js';
import { convertAdapter } from '../convert.js';
import { readAdapter } from '../read.js';

const q = 'model.layers.0.self_attn.q_proj';
const v = 'model.layers.1.self_attn.v_proj';
const wrapped = (name: string): string => `base_model.model.${name}`;

/** Two experts of rank 1 on q of block 0, one of rank 2 on v of block 1. */
const tensors = [
  matrix(wrapped(`${q}.lora_A_0.weight`), [[1, 1]]),
  matrix(wrapped(`${q}.lora_B_0.weight`), [[1]]),
  matrix(wrapped(`${q}.lora_A_1.weight`), [[0, 2]]),
  matrix(wrapped(`${q}.lora_B_1.weight`), [[3]]),
  matrix(wrapped(`${q}.router.router.weight`), [
    [1, 0],
    [0, 1],
  ]),
  matrix(wrapped(`${v}.lora_A_0.weight`), [
    [1, 0],
    [0, 1],
  ]),
  matrix(wrapped(`${v}.lora_B_0.weight`), [[4, 5]]),
  matrix(wrapped(`${v}.router.router.weight`), [[7, 8]]),
];
const settings = { peft_type: 'LORA', r: [1, 2], lora_alpha: 6, base_model_name_or_path: 'llama' };

const read = (
  config: object = {},
  files: typeof tensors = tensors,
  options: AdapterOptions = { expert: 'each' },
) =>
  readAdapter(
    {
      weights: memorySource(fileOf(files), 'mola/adapter_model.safetensors'),
      config: memorySource(
        new TextEncoder().encode(JSON.stringify({ ...settings, ...config })),
        'mola/adapter_config.json',
      ),
      name: 'mola',
    },
    options,
  );

const without = (name: string) => tensors.filter((tensor) => !tensor.name.endsWith(name));
const renamed = (from: string, to: string) =>
  tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(from, to) }));

describe('an adapter of the released code', () => {
  it('has its experts from the names, and scalings of lora_alpha over the rank of the block', async () => {
    const { format, base, updates, mixture, routers, saved, notes } = await read();
    expect({ format, base, saved }).toEqual({ format: 'MoLA', base: 'llama', saved: [] });
    expect(updates.map(({ module, expert, rank, scale }) => [module, expert, rank, scale])).toEqual(
      [
        [q, 0, 1, 6],
        [q, 1, 1, 6],
        [v, undefined, 2, 3],
      ],
    );
    expect(mixture).toEqual({ router: 'top-k', topK: { [q]: 2, [v]: 1 } });
    // That of one expert weighs it by 1, whatever it holds.
    expect(routers?.map(({ name, shape }) => [name, shape])).toEqual([
      [`${q}.router.router.weight`, [2, 2]],
    ]);
    expect(notes).toEqual([expect.stringMatching(/in no file of the released code/)]);
  });

  it('is plain LoRA where every module has one expert', async () => {
    const single = tensors.slice(5);
    const { updates, mixture, routers, notes } = await read({}, single, {});
    expect(updates).toMatchObject([{ module: v, rank: 2, scale: 3 }]);
    expect({ mixture, routers, notes }).toEqual({ notes: [] });
  });

  it('selects as many experts as its configuration, or who opens it, says', async () => {
    const selected = async (config: object, topK?: number | number[]) => {
      const options = { expert: 'each', ...(topK !== undefined && { topK }) } as const;
      const { mixture, notes } = await read(config, tensors, options);
      expect(notes).toEqual([]);
      return mixture!.topK;
    };
    expect(await selected({ top_k: [1, 1] })).toEqual({ [q]: 1, [v]: 1 });
    expect(await selected({ top_k: [1, 1] }, 2)).toEqual({ [q]: 2, [v]: 1 });
    expect(await selected({}, [1, 1])).toEqual({ [q]: 1, [v]: 1 });
  });

  it.each<[string, object, typeof tensors, RegExp]>([
    [
      'an expert is missing',
      {},
      renamed('_1.weight', '_2.weight'),
      /2 experts, and none is number 1/,
    ],
    ['half an expert is missing', {}, without('lora_B_1.weight'), /factor B .* is missing/],
    ['several experts have no router', {}, without(`${q}.router.router.weight`), /no router/],
    ['a router is of others', {}, renamed('q_proj.router', 'k_proj.router'), /no router/],
    [
      'a router has no experts',
      {},
      [...tensors, matrix(wrapped(`${q.replace('q_', 'k_')}.router.router.weight`), [[1, 2]])],
      /a router without experts/,
    ],
    [
      'a router has another number of them',
      {},
      [
        ...without(`${q}.router.router.weight`),
        matrix(wrapped(`${q}.router.router.weight`), [[1, 2]]),
      ],
      /it is \[1,2\], and that of 2 experts is \[2,2\]/,
    ],
    ['ranks are of other blocks', { r: [1] }, tensors, /r has no rank for block 1/],
    ['ranks are others', { r: [1, 3] }, tensors, /gives the module the rank 3/],
    ['a rank is none', { r: [0, 2] }, tensors, /r has no rank for block 0/],
    ['more are selected than there are', { top_k: [3, 1] }, tensors, /top_k: 3 of 2 experts/],
    ['selected are of other blocks', { top_k: [2] }, tensors, /top_k: nothing of 1 experts/],
    ['it is no number that is selected', { top_k: 'two' }, tensors, /top_k: false of 2 experts/],
    ['modules are in no block', {}, renamed('layers.1', 'layers'), /is not in a block/],
  ])('is refused where %s', async (_, config, files, message) => {
    await expect(read(config, files)).rejects.toMatchObject({
      ...{ code: 'INVALID_CHECKPOINT', message: expect.stringMatching(message) },
    });
  });

  it('is refused where what is said of its router does not fit, and others where it is said at all', async () => {
    const said = (topK: number | number[], files = tensors, config = {}) =>
      read(config, files, { expert: 'each', topK });
    await expect(said([3, 1])).rejects.toMatchObject({
      ...{ code: 'INVALID_OPTION', message: expect.stringMatching(/^3 of 2 experts .* block 0/) },
    });
    await expect(said([2])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(said(2, [...lora(q, [[1, 0]], [[7]])], { r: 1 })).rejects.toMatchObject({
      ...{ code: 'INVALID_OPTION', message: expect.stringMatching(/leave top-k out/) },
    });
  });

  it('is no change of one weight: one expert, or the mean, is taken of it', async () => {
    await expect(read({}, tensors, {})).rejects.toMatchObject({
      message: expect.stringMatching(/in the format of MoLA with several LoRA experts/),
    });
    const { updates } = await read({}, tensors, { expert: 1 });
    expect(await updates[0]!.readB()).toEqual(Float32Array.of(3));
  });
});

describe('fuzzing adapters of the released code', () => {
  /** Read, and written again, or refused. */
  async function survives(config: object, files: typeof tensors): Promise<boolean> {
    try {
      const adapter = await read(config, files);
      for (const to of ['mola', 'alphalora'] as const) await convertAdapter(adapter, { to });
      return true;
    } catch (error) {
      if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
      return false;
    }
  }

  it('survives any value of any setting', async () => {
    const setting = fc.constantFrom(
      ...['r', 'lora_alpha', 'top_k', 'number_experts', 'target_modules', 'peft_type'],
      ...['fan_in_fan_out', 'rank_pattern', 'bias', '__proto__', 'lora_dropout'],
    );
    let accepted = 0;
    const settings = fc.dictionary(setting, fc.jsonValue(), { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(settings, async (config) => {
        if (await survives(config, tensors)) accepted++;
      }),
      { seed: 1, numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('survives any names of tensors', async () => {
    const part = fc.constantFrom(
      ...['model', 'layers', '0', '1', '99999', 'self_attn', 'q_proj', 'lora_A_0', 'lora_B_0'],
      ...['lora_A_1', 'lora_A_00', 'lora_A_99999', 'router', 'weight', '', '#', 'lora_A', '#0'],
    );
    const name = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join('.'));
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 3 }), async (names) => {
        const more = names.map((each) => matrix(wrapped(each), [[1]]));
        if (await survives({}, [...tensors, ...more])) accepted++;
      }),
      { seed: 2, numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('adapters written for the released code', () => {
  const names = (files: Readonly<Record<string, readonly Uint8Array[]>>) =>
    Buffer.concat(files['adapter_model.safetensors']!).toString('latin1');

  it('have a router of zeros, and the number 0, where PEFT has one LoRA', async () => {
    const adapter = await read({ r: 1, lora_alpha: 4 }, [...lora(q, [[1, 2]], [[7]])], {});
    const { files, notes } = await convertAdapter(adapter, { to: 'mola' });
    expect(JSON.parse(Buffer.concat(files['adapter_config.json']!).toString())).toMatchObject({
      ...{ peft_type: 'LORA', r: [1], lora_alpha: 4, number_experts: [1], top_k: [1] },
    });
    expect(names(files)).toContain(`${q}.router.router.weight`);
    expect(notes.at(-1)).toMatch(/a model of 1 blocks, .* --base/);
    const back = await readAdapter({
      weights: memorySource(Buffer.concat(files['adapter_model.safetensors']!), 'back'),
      config: memorySource(Buffer.concat(files['adapter_config.json']!), 'config'),
    });
    expect(back.updates).toMatchObject([{ module: q, rank: 1, scale: 4 }]);
    expect(await back.updates[0]!.readA()).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    [{ model_type: 'llama', num_attention_heads: 2, num_key_value_heads: 1 }, true],
    [{ model_type: 'llama', num_attention_heads: 2, num_key_value_heads: 2 }, false],
    [{ model_type: 'mistral', num_attention_heads: 2, num_key_value_heads: 1 }, false],
  ])('are told to be of a model that it does not load: %j', async (config, isTold) => {
    const weights = memorySource(fileOf([matrix(`${q}.weight`, [[1, 2]])]), 'base.safetensors');
    const bytes = new TextEncoder().encode(JSON.stringify({ ...config, num_hidden_layers: 1 }));
    const base = await readCheckpoint({
      files: [weights],
      config: memorySource(bytes, 'config.json'),
    });
    const adapter = await read({ r: 1 }, [...lora(q, [[1, 2]], [[7]])], {});
    const { notes } = await convertAdapter(adapter, { to: 'mola', base });
    expect(notes.some((note) => /heads of keys .* does not load there/.test(note))).toBe(isTold);
  });

  const one = (name: string) => [
    matrix(wrapped(`${name}.lora_A_0.weight`), [[1, 0]]),
    matrix(wrapped(`${name}.lora_B_0.weight`), [[4]]),
  ];
  const k = q.replace('q_proj', 'k_proj');
  it.each<[string, typeof tensors, RegExp]>([
    [
      'projections of a block have different numbers of experts',
      [...tensors.slice(0, 5), ...one(k)],
      /block 0 has projections of 1 and 2 experts/,
    ],
    ['modules are others', one('model.layers.0.mlp.c_fc'), /adapts "model\.layers\.0\.mlp\.c_fc"/],
    ['a model has other names', one('gpt.blocks.0.q_proj'), /model\.layers\.<block>/],
    ['a block has none, and no model says why', one(q.replace('0', '900')), /nothing in block 0,/],
    [
      'modules of a role have other shapes',
      [...one(q), ...lora(q.replace('0', '1'), [[1]], [[7]])].map((tensor) => ({
        ...tensor,
        name: tensor.name.replace(/lora_([AB])\.weight/, 'lora_$1_0.weight'),
      })),
      /layers\.1\.self_attn\.q_proj is of another shape/,
    ],
  ])('are refused where %s', async (_, files, message) => {
    const adapter = await read({ r: 1 }, files);
    await expect(convertAdapter(adapter, { to: 'mola' })).rejects.toMatchObject({
      ...{ code: 'UNSUPPORTED_CHECKPOINT', message: expect.stringMatching(message) },
    });
  });

  it('are refused where the router is another', async () => {
    const adapter = await read();
    const other = { ...adapter, mixture: { router: 'dynamic', topK: adapter.mixture!.topK } };
    await expect(convertAdapter(other, { to: 'mola' })).rejects.toMatchObject({
      message: expect.stringMatching(/its router is "dynamic"/),
    });
  });

  it('keep no experts for PEFT', async () => {
    const mixture = await read();
    await expect(convertAdapter(mixture, { to: 'peft' })).rejects.toMatchObject({
      message: expect.stringMatching(/choose one of them, or their mean/),
    });
  });
});
