/** What merging refuses, and that nothing half-written is left then. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { openHubCheckpoint, openHubFolder } from '../hub/index.js';
import { fileOf, lora, matrix } from '../test-support/adapters.js';
import { type Hub, startHub } from '../test-support/hub.js';
import { type MergeOptions, mergeAdapter, openCheckpoint } from './index.js';

const root = temporaryFolder('merging');
const q = 'model.layers.0.self_attn.q_proj';
let count = 0;

interface Case {
  model?: readonly TensorData[];
  config?: object;
  adapter?: readonly TensorData[];
  settings?: object;
}

/** The folders of a base and an adapter, and where to write. */
/** The folder of a base. */
type Folders = MergeOptions & { model: string; folder: string };

function folders({
  model = [matrix(`${q}.weight`, [[1, 2]], 'BF16'), matrix('model.norm.weight', [[9]], 'F16')],
  config = { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
  adapter = lora(q, [[1, 1]], [[3]]),
  settings = {},
}: Case): Folders {
  const folder = join(root, String(count++));
  for (const name of ['base', 'lora']) mkdirSync(join(folder, name), { recursive: true });
  const files: Array<[string, string | Uint8Array]> = [
    ['base/model.safetensors', fileOf(model)],
    ['base/config.json', JSON.stringify(config)],
    ['base/pytorch_model.bin', 'old weights'],
    ['base/adapter_config.json', '{}'],
    ['base/README.md', 'the card of the base'],
    ['base/tokenizer.json', '{"a":1}'],
    ['lora/adapter_model.safetensors', fileOf(adapter)],
    [
      'lora/adapter_config.json',
      JSON.stringify({ peft_type: 'LORA', r: 1, lora_alpha: 1, ...settings }),
    ],
  ];
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return {
    folder,
    model: join(folder, 'base'),
    adapter: join(folder, 'lora'),
    output: join(folder, 'merged'),
  };
}

describe('mergeAdapter', () => {
  it('writes weights in the types of the base, and the other files of it', async () => {
    const { folder, ...options } = folders({});
    const merged = await mergeAdapter(options);
    expect(merged).toMatchObject({
      ...{ applied: 1, changed: 1, weights: 2, bytes: 6 },
      ...{ files: ['model.safetensors'], copied: ['tokenizer.json'], notes: [] },
    });
    expect(readdirSync(folder).sort()).toEqual(['base', 'lora', 'merged']);
    const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
    expect(readdirSync(options.output).sort()).toEqual(names);
    expect(readFileSync(join(options.output, 'tokenizer.json'), 'utf8')).toBe('{"a":1}');
    const { tensors, close } = await openCheckpoint(options.output);
    const found = tensors.map(async ({ name, dtype, read }) => [name, dtype, ...(await read())]);
    expect(await Promise.all(found)).toEqual([
      [`${q}.weight`, 'BF16', 4, 5],
      ['model.norm.weight', 'F16', 9],
    ]);
    await close();
  });

  it('refuses a GGUF file as the base, and says what to do', async () => {
    const { folder, ...options } = folders({});
    const checkpoint = { ...(await openCheckpoint(options.model)), source: 'x.gguf' };
    const never = () => Promise.reject(new Error('opened'));
    for (const model of [join(folder, 'x.gguf'), { checkpoint, folder: never }]) {
      await expect(mergeAdapter({ ...options, model })).rejects.toMatchObject({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(/x\.gguf: a GGUF file cannot be merged .* --to gguf$/),
      });
    }
    await checkpoint.close();
  });

  it.each<[string, Case, string, RegExp]>([
    [
      'a quantized base',
      { config: { quantization_config: { quant_method: 'other' } } },
      'UNSUPPORTED_CHECKPOINT',
      /the base is quantized .*give the model that it was quantized from/,
    ],
    [
      'a module that the base does not have',
      { adapter: [...lora(q, [[1, 1]], [[3]]), ...lora('model.layers.7.x', [[1, 1]], [[3]])] },
      'INVALID_CHECKPOINT',
      /1 of its modules are not in .*"model.layers.7.x"/,
    ],
    [
      'a decoder that has no weight of its own',
      { adapter: [...lora(q, [[1, 1]], [[3]]), ...lora('cls.predictions.decoder', [[1]], [[1]])] },
      'UNSUPPORTED_CHECKPOINT',
      /"cls.predictions.decoder", which LlamaForCausalLM shares .*train it without that module/,
    ],
    [
      'a weight of another shape',
      {
        adapter: [
          ...lora(q, [[1, 1]], [[3]]),
          matrix('base_model.model.model.norm.weight', [[1], [2]]),
        ],
      },
      'UNSUPPORTED_CHECKPOINT',
      /replaces "model.norm.weight" of \[1,1\] by one of \[2,1\]/,
    ],
    [
      'what F16 does not hold',
      { model: [matrix(`${q}.weight`, [[1, 2]], 'F16')], settings: { lora_alpha: 65504 } },
      'INVALID_OPTION',
      /would hold 196513, which F16 does not hold/,
    ],
    [
      'a value that is no number',
      { adapter: lora(q, [[1, Number.NaN]], [[3]]) },
      'INVALID_OPTION',
      /would hold NaN/,
    ],
  ])('refuses %s, and leaves nothing', async (_, given, code, message) => {
    const { folder, ...options } = folders(given);
    await expect(mergeAdapter(options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(folder).sort()).toEqual(['base', 'lora']);
  });

  it('writes each of several heads that share the input embedding', async () => {
    const { folder, ...options } = folders({
      model: [matrix('model.embed_tokens.weight', [[1, 2]])],
      config: { architectures: ['LlamaForCausalLM'], tie_word_embeddings: true },
      adapter: [...lora('lm_head', [[1, 1]], [[3]]), ...lora('mtp.lm_head', [[1, 0]], [[5]])],
    });
    const { notes, changed } = await mergeAdapter(options);
    expect({ changed, notes }).toMatchObject({
      changed: 2,
      notes: [expect.stringMatching(/they are 3 in the merged model, .*"lm_head.*"mtp\.lm_head/)],
    });
    const { tensors, config, close } = await openCheckpoint(options.output);
    const found = tensors.map(async ({ name, read }) => [name, ...(await read())]);
    expect(new Set(await Promise.all(found))).toEqual(
      new Set([
        ['model.embed_tokens.weight', 1, 2],
        ['lm_head.weight', 4, 5],
        ['mtp.lm_head.weight', 6, 2],
      ]),
    );
    expect(config).toMatchObject({ tie_word_embeddings: false });
    await close();
  });

  it('refuses a folder with files, and keeps them', async () => {
    const { folder, ...options } = folders({});
    const output = join(folder, 'base');
    const before = readdirSync(output);
    await expect(mergeAdapter({ ...options, output })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('exists already'),
    });
    expect(readdirSync(output)).toEqual(before);
  });

  it('leaves nothing when it is interrupted', async () => {
    const { folder, ...options } = folders({});
    const controller = new AbortController();
    const run = mergeAdapter({
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow('enough');
    expect(readdirSync(folder).sort()).toEqual(['base', 'lora']);
  });
});

describe('a base on a hub', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(() => hub.close());

  it('is merged to the files that a folder is merged to, and its card and other weights stay there', async () => {
    const { folder, ...options } = folders({});
    for (const name of readdirSync(options.model)) {
      await hub.put(`org/base/${name}`, readFileSync(join(options.model, name)));
    }
    const { endpoint } = hub;
    const checkpoint = await openHubCheckpoint('hf://org/base', { endpoint });
    const model = { checkpoint, folder: await openHubFolder(checkpoint.source, { endpoint }) };
    const output = join(folder, 'from-hub');
    const merged = await mergeAdapter({ ...options, model, output });
    await checkpoint.close();
    expect(merged.copied).toEqual(['tokenizer.json']);
    await mergeAdapter(options);
    expect(readdirSync(output).sort()).toEqual(readdirSync(options.output).sort());
    for (const name of readdirSync(output)) {
      expect(readFileSync(join(output, name)), name).toEqual(
        readFileSync(join(options.output, name)),
      );
    }
    const read = (await hub.takeLog()).map(({ url }) => url);
    expect(read.some((url) => url.endsWith('tokenizer.json'))).toBe(true);
    expect(read.some((url) => /README|pytorch_model/.test(url))).toBe(false);
  });
});
