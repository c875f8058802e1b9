import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { adapterOf, lora, matrix, vector } from '../test-support/adapters.js';

const q = 'model.layers.0.self_attn.q_proj';
const down = 'model.layers.11.mlp.down_proj';
const wrapped = (name: string) => `base_model.model.${name}`;
/** Rank 1 and 2; three inputs, two outputs. */
const one = (module: string) => lora(module, [[1, 2, 3]], [[4], [5]]);
const two = (module: string) =>
  lora(
    module,
    [
      [1, 2, 3],
      [0, 1, 0],
    ],
    [
      [1, 0],
      [0, 1],
    ],
  );

async function refusal(tensors: readonly TensorData[], config: object | string) {
  const error = await adapterOf(tensors, config as Record<string, unknown>).catch(
    (reason: unknown) => reason,
  );
  if (!isAlphaLoraError(error)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message };
}

describe('readAdapter', () => {
  it('pairs the factors of each module', async () => {
    const adapter = await adapterOf([...one(q), ...one(down)], {
      r: 1,
      lora_alpha: 3,
      base_model_name_or_path: 'org/model',
      something_new: { a: 1 },
    });
    expect(adapter).toMatchObject({ source: 'lora', base: 'org/model', saved: [] });
    expect(adapter.config?.['something_new']).toEqual({ a: 1 });
    expect(adapter.updates).toMatchObject([
      { module: q, rank: 1, scale: 3, inputs: 3, outputs: 2 },
      { module: down, rank: 1, scale: 3, inputs: 3, outputs: 2 },
    ]);
    const [update] = adapter.updates;
    expect(update!.inputFirst).toBeUndefined();
    expect(await update!.readA()).toEqual(Float32Array.of(1, 2, 3));
    expect(await update!.readB()).toEqual(Float32Array.of(4, 5));
  });

  it.each([
    // PEFT: alpha / r, or alpha / sqrt(r); r and alpha are 8 unless they are given.
    [{ r: 2, lora_alpha: 32 }, 16],
    [{ r: 2, lora_alpha: 32, use_rslora: true }, 32 / Math.SQRT2],
    [{ r: 2 }, 4],
    [{ r: 4, rank_pattern: { q_proj: 2 }, lora_alpha: 3 }, 1.5],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { [q]: 8 } }, 4],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { '^model.layers.0.self_attn.q_proj': 8 } }, 4],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { '^layers.0.self_attn.q_proj': 8 } }, 1.5],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { 'layers\\.\\d\\.self_attn\\.[qk]_proj': 8 } }, 4],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { 'model\\.layers\\.0\\.self_attn\\.q_proj': 8 } }, 4],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { proj: 8, q: 8, 'attn.q_proj': 8 } }, 1.5],
    // The first key that matches counts.
    [{ r: 2, lora_alpha: 3, alpha_pattern: { '.*attn.*': 8, q_proj: 10 } }, 4],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { q_proj: 10, '.*attn.*': 8 } }, 5],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { 'self_attn.q_proj': 10, q_proj: 8 } }, 5],
    [{ r: 2, lora_alpha: 3, alpha_pattern: { k_proj: 'ignored' }, rank_pattern: null }, 1.5],
  ])('%j scales by %d', async (config, scale) => {
    const { updates } = await adapterOf(two(q), config);
    expect(updates[0]!.scale).toBeCloseTo(scale, 14);
  });

  it('takes ranks and alphas that are not given for 8', async () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const { updates } = await adapterOf(
      lora(
        q,
        eight.map((value) => [value]),
        [eight],
      ),
      {},
    );
    expect(updates[0]).toMatchObject({ rank: 8, scale: 1 });
  });

  it('takes one named adapter, the layout of Conv1D and embeddings', async () => {
    const { updates } = await adapterOf(
      [
        matrix(wrapped('transformer.h.0.attn.c_attn.lora_A.default.weight'), [[1, 2, 3]]),
        matrix(wrapped('transformer.h.0.attn.c_attn.lora_B.default.weight'), [[4], [5]]),
        matrix(wrapped('transformer.wte.lora_embedding_A.default'), [[1, 2, 3, 4]]),
        matrix(wrapped('transformer.wte.lora_embedding_B.default'), [[1], [2]]),
      ],
      { r: 1, fan_in_fan_out: true },
    );
    expect(updates).toMatchObject([
      { module: 'transformer.h.0.attn.c_attn', inputFirst: true, inputs: 3, outputs: 2 },
      { module: 'transformer.wte', inputFirst: true, embedding: true, inputs: 4, outputs: 2 },
    ]);
  });

  it('lists what it holds whole', async () => {
    const { saved } = await adapterOf(
      [
        ...one(q),
        vector(wrapped(`${q}.bias`), [1, 2]),
        vector(wrapped('model.layers.0.mlp.up_proj.lora_B.bias'), [3]),
        matrix(wrapped('score.weight'), [[1, 2, 3]], 'BF16'),
      ],
      { r: 1, bias: 'lora_only', modules_to_save: ['score'] },
    );
    const described = saved.map(({ name, kind }) => [name, kind]);
    expect(described.sort()).toEqual([
      ['model.layers.0.mlp.up_proj.lora_B.bias', 'other'],
      [`${q}.bias`, 'bias'],
      ['score.weight', 'head'],
    ]);
    const score = saved.find(({ name }) => name === 'score.weight')!;
    expect([...(await score.read())]).toEqual([1, 2, 3]);
  });
});

const noWeight = (type: string): [string, object, RegExp] => [
  type,
  { peft_type: type },
  /and only LORA can be read; it changes no weights of its base, .*: open the base model itself$/,
];

describe('readAdapter refuses what B A does not tell:', () => {
  it.each<[string, object, RegExp]>([
    ['DoRA', { use_dora: true }, /adapter_config\.json: use_dora is set: .*merge_and_unload/],
    ['QA-LoRA', { use_qalora: true }, /use_qalora/],
    ['parameters', { target_parameters: ['mlp.experts.gate_up_proj'] }, /target_parameters/],
    ['repeated blocks', { layer_replication: [[0, 2]] }, /layer_replication/],
    ['PiSSA', { init_lora_weights: 'pissa_niter_4' }, /pissa_niter_4.*path_initial_model/],
    ['LoHa', { peft_type: 'LOHA' }, /its peft_type is "LOHA", and only LORA/],
    ['AdaLoRA', { peft_type: 'ADALORA' }, /"ADALORA"/],
    ['IA3', { peft_type: 'IA3' }, /"IA3".*merge_and_unload/],
    // Which classes of PEFT have no merge_and_unload.
    ...['PROMPT_TUNING', 'MULTITASK_PROMPT_TUNING', 'P_TUNING', 'PREFIX_TUNING'].map(noWeight),
    ...['CPT', 'CARTRIDGE', 'ADAPTION_PROMPT'].map(noWeight),
    ['a lookahead', { alpha_pattern: { '(?=q)': 1 } }, /alpha_pattern: the key "\(\?=q\)" .*names/],
  ])('%s', async (_, config, message) => {
    const error = await refusal(one(q), { r: 1, ...config });
    expect(error.code).toBe('UNSUPPORTED_CHECKPOINT');
    expect(error.message).toMatch(message);
  });

  it('but not the same settings switched off', async () => {
    const off = {
      use_dora: false,
      use_qalora: false,
      target_parameters: null,
      layer_replication: null,
      init_lora_weights: 'gaussian',
      loftq_config: {},
      use_bdlora: null,
    };
    expect((await adapterOf(one(q), { r: 1, ...off })).updates).toHaveLength(1);
  });

  it.each<[string, TensorData[], RegExp]>([
    [
      'magnitudes',
      [vector(wrapped(`${q}.lora_magnitude_vector`), [1])],
      /magnitude vector of DoRA/,
    ],
    ['its layer', [vector(wrapped(`${q}.lora_magnitude_vector.weight`), [1])], /of DoRA/],
    ['experts', [matrix(wrapped(`${q}.lora_A_0.weight`), [[1]])], /one of several experts/],
    ['others', [matrix(wrapped(`${q}.lora_E`), [[1]])], /"lora_E" is no factor of plain LoRA/],
    [
      'adapters',
      [matrix(wrapped(`${q}.lora_A.other.weight`), [[1]])],
      /several adapters \("other", one without name\)|several adapters \(one without name, "other"\)/,
    ],
    [
      'integers',
      [{ ...matrix(wrapped('m.k.lora_A.weight'), [[1]]), dtype: 'I32' }, one('m.k')[1]!],
      /type I32/,
    ],
  ])('%s', async (_, tensors, message) => {
    const error = await refusal([...one(q), ...tensors], { r: 1 });
    expect(error.code).toBe('UNSUPPORTED_CHECKPOINT');
    expect(error.message).toMatch(message);
  });
});

describe('readAdapter refuses as invalid', () => {
  const zero = { shape: [0, 3], bytes: new Uint8Array(0) };
  it.each<[string, TensorData[], object | string, RegExp]>([
    [
      'half a pair',
      one(q).slice(0, 1),
      { r: 1 },
      /q_proj\.lora_A\.weight": the factor B .*missing/,
    ],
    ['the other half', one(q).slice(1), { r: 1 }, /lora_B\.weight": the factor A/],
    ['no factors', [vector('x', [1])], { r: 1 }, /no LoRA factors/],
    [
      'different ranks',
      [two(q)[0]!, one(q)[1]!],
      { r: 1 },
      /A is \[2,3\], B is \[2,1\]: their ranks differ/,
    ],
    ['a rank that the config denies', one(q), { r: 4 }, /A is \[1,3\], B is \[2,1\], .*rank 4/],
    [
      'rank 0',
      [
        { ...one(q)[0]!, ...zero },
        { ...one(q)[1]!, ...zero, shape: [2, 0] },
      ],
      { r: 1 },
      /a side is zero/,
    ],
    [
      'a vector',
      [{ ...one(q)[0]!, shape: [3] }, one(q)[1]!],
      { r: 1 },
      /shape \[3\] is not that of a matrix/,
    ],
    ['a factor twice', [...one(q), matrix(`${q}.lora_A.weight`, [[1]])], { r: 1 }, /twice/],
    [
      'a weight twice',
      [...one(q), vector('a.bias', [1]), vector(wrapped('a.bias'), [1])],
      { r: 1 },
      /twice/,
    ],
    ['no module', [matrix('lora_A.weight', [[1]])], { r: 1 }, /does not begin with the path/],
    ['a name too long', one(`${'x.'.repeat(60)}q`), { r: 1 }, /does not begin with the path/],
    ['r 0', one(q), { r: 0 }, /adapter_config\.json: r is 0, which is no rank/],
    ['r 1.5', one(q), { rank_pattern: { q_proj: 1.5 } }, /rank_pattern "q_proj" is 1\.5/],
    ['no alpha', one(q), { r: 1, lora_alpha: null }, /lora_alpha is null/],
    ['alpha as a text', one(q), { r: 1, lora_alpha: '6' }, /lora_alpha is \\"6\\"/],
    ['infinite alpha', one(q), '{"peft_type":"LORA","r":1,"lora_alpha":Infinity}', /no finite/],
    ['a huge alpha', one(q), '{"peft_type":"LORA","r":1,"lora_alpha":1e999}', /no finite/],
    ['alpha in words', one(q), { r: 1, alpha_pattern: { q_proj: '16' } }, /"q_proj" is \\"16\\"/],
    ['patterns in a list', one(q), { r: 1, rank_pattern: [1] }, /rank_pattern is not an object/],
    ['no regular expression', one(q), { r: 1, rank_pattern: { '(q': 1 } }, /key "\(q" .*group/],
    ['yes for true', one(q), { r: 1, use_rslora: 'yes' }, /use_rslora is .*neither true nor false/],
    ['no peft_type', one(q), '{"r":1}', /no peft_type/],
    ['no JSON', one(q), '{', /adapter_config\.json: not valid JSON/],
    ['no object', one(q), '[]', /its JSON is a list, not an object; .*download/],
  ])('%s', async (_, tensors, config, message) => {
    const error = await refusal(tensors, config);
    expect(error.message).toMatch(message);
    expect(error.code).toBe('INVALID_CHECKPOINT');
  });
});
