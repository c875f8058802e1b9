import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { serializeSafetensors } from '../formats/safetensors/serialize.js';
import { fileOf, lora as loraFactors, matrix } from '../test-support/adapters.js';
import { joined } from '../test-support/files.js';
import { dict, tensor, torchArchive } from '../test-support/pickles.js';
import { numpyFiles } from '../test-support/reference-files.js';
import { encodeValues } from '../values/encode.js';
import { fileSource, isAdapterFolder, openAdapter, openCheckpoint } from './index.js';

const root = temporaryFolder('checkpoint');

let folders = 0;
async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(root, `${folders++}`);
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

const file = (name: string, ...values: number[]) =>
  joined(
    serializeSafetensors({
      tensors: [
        {
          name,
          dtype: 'F32',
          shape: [values.length],
          bytes: encodeValues(Float32Array.from(values), 'F32'),
        },
      ],
      metadata: { format: 'pt' },
    }),
  );
const weights = file('model.layers.0.norm.weight', 1, 2);
const more = file('model.layers.1.norm.weight', 3, 4);
const index = (map: object) => JSON.stringify({ metadata: {}, weight_map: map });

async function valuesOf(path: string): Promise<number[][]> {
  const { tensors, close } = await openCheckpoint(path);
  const values = await Promise.all(tensors.map(async ({ read }) => [...(await read())]));
  await close();
  return values;
}

describe('openCheckpoint takes', () => {
  it('a file', async () => {
    const path = join(
      await folder({ 'x.safetensors': weights, 'config.json': '{' }),
      'x.safetensors',
    );
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint).toMatchObject({
      source: path,
      blocks: 1,
      metadata: { format: 'pt' },
      files: [{ name: 'x.safetensors', byteLength: weights.byteLength }],
    });
    // What lies beside a file need not belong to it.
    expect(checkpoint.config).toBeUndefined();
    await checkpoint.close();
    expect(await valuesOf(path)).toEqual([[1, 2]]);
  });

  it('a folder with its config', async () => {
    const path = await folder({
      'model.safetensors': weights,
      'other.safetensors': more,
      'config.json': '{"architectures":["A"],"n":1}',
    });
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint).toMatchObject({ source: path, architecture: 'A', config: { n: 1 } });
    await checkpoint.close();
    expect(await valuesOf(path)).toEqual([[1, 2]]);
  });

  it('a folder with one file of another name', async () => {
    expect(await valuesOf(await folder({ 'adapter_model.safetensors': weights }))).toEqual([
      [1, 2],
    ]);
  });

  it('a folder with an index and shards, links included', async () => {
    // The hub's cache keeps the content elsewhere and links to it.
    const blobs = await folder({ abc: more });
    const path = await folder({
      'a.safetensors': weights,
      'unrelated.safetensors': 'not read',
      'model.safetensors.index.json': index({
        'model.layers.0.norm.weight': 'a.safetensors',
        'model.layers.1.norm.weight': 'b.safetensors',
      }),
    });
    await symlink(join(blobs, 'abc'), join(path, 'b.safetensors'));
    expect(await valuesOf(path)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('openCheckpoint finds the files by an index', () => {
  const shards = { 'a.safetensors': weights, 'b.safetensors': more };
  const listed = index({
    'model.layers.0.norm.weight': 'a.safetensors',
    'model.layers.1.norm.weight': 'b.safetensors',
  });
  const config = { 'config.json': '{"architectures":["A"]}' };

  it.each([
    'diffusion_pytorch_model.safetensors.index.json',
    'consolidated.safetensors.index.json',
    'model.safetensors.index.fp16.json',
    'model.safetensors.fp16.index.json',
    'any.name-1.safetensors.index.json',
    'weights_map.json',
    'index.json',
  ])('called %s, in its folder and by its path', async (name) => {
    const path = await folder({
      ...shards,
      ...config,
      [name]: listed,
      'tokenizer.json': '{',
      'other.json': index({ 'model.layers.0.norm.weight': 'other.safetensors' }),
    });
    for (const given of [path, join(path, name)]) {
      const checkpoint = await openCheckpoint(given);
      expect(checkpoint).toMatchObject({ source: given, architecture: 'A', blocks: 2, notes: [] });
      expect([...(await checkpoint.tensors[1]!.read())]).toEqual([3, 4]);
      await checkpoint.close();
    }
  });

  it.each<[string, string[], string]>([
    [
      'model.safetensors.index.json',
      ['model.safetensors.index.fp16.json', 'model-00001-of-00001.fp16.safetensors'],
      'model.safetensors.index.fp16.json beside it is not opened: give it instead to open it',
    ],
    [
      'model.safetensors',
      ['model.fp16.safetensors', 'model.safetensors.index.bf16.json'],
      'model.fp16.safetensors, model.safetensors.index.bf16.json beside it are not opened: give one of them instead to open it',
    ],
    [
      'diffusion_pytorch_model.safetensors',
      ['diffusion_pytorch_model.fp16.safetensors'],
      'diffusion_pytorch_model.fp16.safetensors beside it is not opened: give it instead to open it',
    ],
    [
      'x.safetensors.index.json',
      ['x.safetensors.index.fp16.json'],
      'x.safetensors.index.fp16.json beside it is not opened: give it instead to open it',
    ],
    [
      'model.safetensors.index.json',
      ['consolidated.safetensors', 'model-00001-of-00002.safetensors'],
      'consolidated.safetensors beside it is not opened: give it instead to open it',
    ],
    [
      'model.safetensors',
      ['consolidated.safetensors', 'model.safetensors.index.json'],
      'consolidated.safetensors beside it is not opened: give it instead to open it',
    ],
    [
      'weights_map.json',
      ['a.fp16.safetensors'],
      'a.fp16.safetensors beside it is not opened: give it instead to open it',
    ],
  ])('and of several variants opens %s, with a note', async (name, variants, note) => {
    const unread = Object.fromEntries(variants.map((each) => [each, '']));
    const content = name.endsWith('.json') ? { ...shards, [name]: listed } : { [name]: weights };
    const checkpoint = await openCheckpoint(await folder({ ...content, ...unread }));
    expect(checkpoint.notes).toEqual([`${name} is opened; ${note}`]);
    await checkpoint.close();
  });

  it.each<[string, string]>([
    ['../a.safetensors', 'which is no plain file name'],
    ['/data/a.safetensors', 'which is no plain file name'],
  ])('but not where one of another name leads to %s', async (elsewhere, why) => {
    const leading = index({ a: elsewhere, b: 'b.safetensors' });
    const path = await folder({ ...shards, 'weights_map.json': leading });
    await expect(openCheckpoint(path)).rejects.toThrow(why);
  });

  it('beside a folder that is called as one, and a link that leads nowhere', async () => {
    const path = await folder({ ...shards, 'weights_map.json': listed });
    await mkdir(join(path, 'folder.json'));
    await symlink('nowhere', join(path, 'link.json'));
    expect(await valuesOf(path)).toHaveLength(2);
  });

  it('and refuses to choose between two of other names', async () => {
    const path = await folder({ ...shards, 'x.json': listed, 'y.json': listed });
    await expect(openCheckpoint(path)).rejects.toThrow(
      `${path}: 2 indexes of models (x.json, y.json); give one of them`,
    );
    expect(await valuesOf(join(path, 'y.json'))).toHaveLength(2);
  });

  it('or by their numbers alone where all are there, with a note', async () => {
    const [one, two] = ['m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors'] as const;
    const checkpoint = await openCheckpoint(await folder({ [one]: weights, [two]: more }));
    expect(checkpoint).toMatchObject({
      blocks: 2,
      notes: [
        `there is no model.safetensors.index.json: the 2 files like ${one} are opened as one model`,
      ],
    });
    await checkpoint.close();
    for (const files of [
      { [two]: more },
      { [one]: weights, 'm-00002-of-00003.safetensors': more },
      { [one]: weights, 'n-00002-of-00002.safetensors': more },
      { [one]: weights, [two]: more, 'm-00000-of-00002.safetensors': more },
    ]) {
      await expect(openCheckpoint(await folder(files))).rejects.toMatchObject({
        message: expect.stringMatching(/no model\.safetensors\.index\.json: download/),
      });
    }
  });

  it.each([
    ['a.safetensors.index.json', 'b.safetensors.index.json'],
    ['a.safetensors.index.fp16.json', 'a.safetensors.index.bf16.json'],
  ])('and refuses to choose between %s and %s', async (...names) => {
    const path = await folder({ ...shards, [names[0]!]: listed, [names[1]!]: listed });
    const { message } = (await openCheckpoint(path).catch((reason: unknown) => reason)) as Error;
    expect(message).toBe(
      `${path}: 2 indexes of models (${[...names].sort().join(', ')}); give one of them`,
    );
    expect(await valuesOf(join(path, names[1]!))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('openCheckpoint opens files of PyTorch', () => {
  const name = (block: number) => `model.layers.${block}.norm.weight`;
  const bin = (block: number, ...values: number[]) =>
    torchArchive(dict({ [name(block)]: tensor([values.length]) }), {
      0: new Uint8Array(Float32Array.from(values).buffer),
    });
  const shards = {
    'pytorch_model.bin.index.json': index({ [name(0)]: 'a.bin', [name(1)]: 'b.bin' }),
    'a.bin': bin(0, 1, 2),
    'b.bin': bin(1, 3, 4),
  };

  it.each<[string, Record<string, string | Uint8Array>, number[][]]>([
    [
      'whole, beside what training left',
      { 'pytorch_model.bin': bin(0, 1), 'training_args.bin': 'x', 'optimizer.pt': 'x' },
      [[1]],
    ],
    ['by another name', { 'consolidated.00.pth': bin(0, 1), 'rng_state_0.pth': 'x' }, [[1]]],
    [
      'sharded',
      shards,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['not where there is safetensors', { ...shards, 'model.safetensors': more }, [[3, 4]]],
  ])('%s', async (_, files, values) => {
    expect(await valuesOf(await folder(files))).toEqual(values);
  });

  it('as an adapter', async () => {
    const module = 'base_model.model.model.layers.0.self_attn.q_proj';
    const path = await folder({
      'adapter_config.json': JSON.stringify({ peft_type: 'LORA', r: 1, lora_alpha: 1 }),
      'adapter_model.bin': torchArchive(
        dict({
          [`${module}.lora_A.weight`]: tensor([1, 2]),
          [`${module}.lora_B.weight`]: tensor([1, 1], { stored: 2, offset: 1 }),
        }),
        { 0: new Uint8Array(Float32Array.of(1, 2).buffer) },
      ),
    });
    expect(await valuesOf(path)).toEqual([[2, 4]]);
  });
});

it('openCheckpoint opens a folder of arrays of numpy, each called as its file', async () => {
  const { bytes, tensors } = numpyFiles.get('npy of version 1')!;
  const path = await folder({
    'model.layers.0.mlp.up_proj.weight.npy': bytes,
    'model.layers.1.mlp.up_proj.weight.npy': bytes,
    'config.json': '{"architectures":["A"]}',
  });
  const checkpoint = await openCheckpoint(path);
  expect(checkpoint).toMatchObject({ architecture: 'A', blocks: 2, tensors: [{ block: 0 }, {}] });
  expect([...(await checkpoint.tensors[1]!.read())]).toEqual(tensors[0]!.values);
  await checkpoint.close();
});

describe('flat files of WeightWatcher', () => {
  const { bytes, tensors } = numpyFiles.get('npy of version 1')!;
  const name = 'model.layers.3.mlp.up_proj';
  const layer = {
    key: `${name}.weight`,
    longname: name,
    weightfile: 'llama.0.weight.npy',
    biasfile: 'llama.0.bias.npy',
  };
  const config = (layers: unknown) => JSON.stringify({ weights_dir: '/tmp/ww_x', layers });
  const arrays = { 'llama.0.weight.npy': bytes, 'llama.0.bias.npy': bytes, 'stray.npy': 'x' };

  it('are opened, by the names that they had in the model', async () => {
    const path = await folder({ ...arrays, 'ww_config.json': config({ 0: layer }) });
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.tensors).toMatchObject([
      { name: `${name}.weight`, block: 3, role: 'up_proj' },
      { name: `${name}.bias`, block: 3, kind: 'bias' },
    ]);
    expect([...(await checkpoint.tensors[0]!.read())]).toEqual(tensors[0]!.values);
    await checkpoint.close();
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no layers', [], 'INVALID_CHECKPOINT', /ww_config\.json: it has no layers/],
    ['a layer without a name', { 0: {} }, 'INVALID_CHECKPOINT', /layer "0" has no key/],
    ['no files', { 0: { key: 'a' } }, 'INVALID_CHECKPOINT', /its layers name no files/],
    [
      'weights elsewhere',
      { 0: { ...layer, weightfile: '/data/model.safetensors' } },
      'INVALID_CHECKPOINT',
      /"model\.layers\.3\.mlp\.up_proj\.weight" is in "\/data\/model\.safetensors", no \.npy file beside it; give/,
    ],
    [
      'a file above',
      { 0: { ...layer, weightfile: '../x.npy' } },
      'INVALID_CHECKPOINT',
      /no \.npy file beside it/,
    ],
    [
      'a file that is not there',
      { 0: { ...layer, weightfile: 'llama.1.weight.npy' } },
      'NOT_FOUND',
      /ww_config\.json: it lists llama\.1\.weight\.npy, which does not exist; download/,
    ],
  ])('are refused with %s', async (_, layers, code, message) => {
    const path = await folder({ ...arrays, 'ww_config.json': config(layers) });
    const error = await openCheckpoint(path).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(message);
    expect(isAlphaLoraError(error) && error.code).toBe(code);
  });
});

describe('openCheckpoint refuses', () => {
  const name = 'model.layers.0.norm.weight';
  it.each<[string, Record<string, string | Uint8Array>, string, RegExp]>([
    ['an empty folder', {}, 'NOT_FOUND', /no \.safetensors, \.bin, .* file/],
    [
      'what is no file of PyTorch',
      { 'pytorch_model.bin': 'x' },
      'INVALID_CHECKPOINT',
      /pytorch_model\.bin: not a PyTorch file: neither a zip archive nor a pickle/,
    ],
    [
      'a truncated archive',
      {
        'pytorch_model.bin': torchArchive(dict({ [name]: tensor([1]) }), {
          0: new Uint8Array(4),
        }).subarray(0, -10),
      },
      'INVALID_CHECKPOINT',
      /pytorch_model\.bin: it ends after \d+ bytes, without the directory that ends a zip archive; .*download/,
    ],
    [
      'an index of nothing',
      { 'pytorch_model.bin.index.json': '{}' },
      'INVALID_CHECKPOINT',
      /it has no weight_map/,
    ],
    [
      'several files',
      { 'a.safetensors': 'x', 'b.safetensors': 'x' },
      'INVALID_CHECKPOINT',
      /2 \.safetensors files \(a\.safetensors, b\.safetensors\) and no model\.safetensors\.index\.json/,
    ],
    [
      'a missing shard',
      { 'model.safetensors.index.json': index({ [name]: 'gone.safetensors' }) },
      'NOT_FOUND',
      /model\.safetensors\.index\.json: it lists gone\.safetensors, which does not exist; download all/,
    ],
    [
      'a download that was not finished',
      { 'model.safetensors.incomplete': 'x', 'config.json': '{}' },
      'NOT_FOUND',
      /it holds only model\.safetensors\.incomplete, a download that was not finished: download/,
    ],
    [
      'a checkpoint of torch.distributed',
      { '.metadata': 'x', '__0_0.distcp': 'x' },
      'UNSUPPORTED_CHECKPOINT',
      /of torch\.distributed \(\.distcp\); convert .*format_utils dcp_to_torch <folder> model\.pt$/,
    ],
    ...['optimizer.pt', 'scheduler.pt', 'training_args.bin', 'rng_state_0.pth'].map(
      (left): [string, Record<string, string>, string, RegExp] => [
        `${left} alone`,
        { [left]: 'x', 'config.json': '{}' },
        'NOT_FOUND',
        /which is the state of a training, and no weights; save the model.*or give the folder/,
      ],
    ),
    [
      'a path in the index',
      { 'model.safetensors.index.json': index({ [name]: '../0/x' }) },
      'INVALID_CHECKPOINT',
      /no plain file name/,
    ],
    [
      'a damaged config',
      { 'model.safetensors': weights, 'config.json': '{' },
      'INVALID_CHECKPOINT',
      /config\.json: not valid JSON/,
    ],
    [
      'a list for a config',
      { 'model.safetensors': weights, 'config.json': '[]' },
      'INVALID_CHECKPOINT',
      /config\.json: its JSON is a list, not an object; .*download/,
    ],
    [
      'blocks that are missing, by the word of its params.json',
      { 'consolidated.safetensors': weights, 'params.json': '{"dim":2,"n_layers":3}' },
      'INVALID_CHECKPOINT',
      /params\.json: it says 3 blocks \(n_layers\), and the files have 1/,
    ],
    [
      'a truncated file',
      { 'model.safetensors': weights.subarray(0, -1) },
      'INVALID_CHECKPOINT',
      /model\.safetensors: it ends after 127 of 128 bytes; .*download/,
    ],
  ])('%s', async (_, files, code, message) => {
    const error = await openCheckpoint(await folder(files)).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error) && error.code).toBe(code);
    expect((error as Error).message).toMatch(message);
  });

  it('folders without weights, and names those below them that have some', async () => {
    const path = await folder({ 'model_index.json': '{}' });
    const refusal = () => openCheckpoint(path).then(String, (error: Error) => error.message);
    await mkdir(join(path, 'blobs'));
    await writeFile(join(path, 'blobs', 'abc'), weights);
    expect(await refusal()).toMatch(/: no \.safetensors, .* file; give the file or folder/);
    await mkdir(join(path, 'snapshots', 'f00', 'deep'), { recursive: true });
    await symlink(
      join('..', '..', 'blobs', 'abc'),
      join(path, 'snapshots', 'f00', 'model.safetensors'),
    );
    expect(await refusal()).toBe(
      `${path}: no weights directly in it; give the folder in it that has some: snapshots/f00`,
    );
    for (const part of ['vae', 'transformer']) {
      await mkdir(join(path, part));
      await writeFile(join(path, part, 'diffusion_pytorch_model.safetensors.index.json'), '');
    }
    expect(await refusal()).toBe(
      `${path}: no weights directly in it; give one of the folders in it that have some: snapshots/f00, transformer, vae`,
    );
  });

  it.each([
    ['nowhere', 'NOT_FOUND', /nowhere does not exist/],
    ['model.onnx', 'UNSUPPORTED_CHECKPOINT', /not a safetensors file; save it as safetensors/],
    ['config.json', 'INVALID_CHECKPOINT', /give the folder/],
  ])('the path %s', async (path, code, message) => {
    const files = await folder({ 'model.onnx': 'x', 'config.json': '{}' });
    const error = await openCheckpoint(join(files, path)).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error) && error.code).toBe(code);
    expect((error as Error).message).toMatch(message);
  });

  it('after an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const path = await folder({ 'model.safetensors': weights });
    await expect(openCheckpoint(path, { signal })).rejects.toThrow('enough');
  });

  it('to read after close, with a tagged error', async () => {
    const checkpoint = await openCheckpoint(await folder({ 'model.safetensors': weights }));
    await checkpoint.close();
    const error = await checkpoint.tensors[0]!.read().catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(true);
  });
});

describe('a LoRA adapter on disk', () => {
  const module = 'model.layers.0.self_attn.q_proj';
  const lora = fileOf(loraFactors(module, [[1, 2]], [[3]]));
  const settings = JSON.stringify({ peft_type: 'LORA', r: 1, lora_alpha: 1 });
  const adapter = { 'adapter_config.json': settings, 'adapter_model.safetensors': lora };
  const base = { 'model.safetensors': fileOf([matrix(`${module}.weight`, [[10, 20]])]) };

  it('is opened alone and added to a base', async () => {
    const [adapterPath, basePath] = [await folder(adapter), await folder(base)];
    expect(await valuesOf(adapterPath)).toEqual([[3, 6]]);
    const checkpoint = await openCheckpoint(basePath, { adapter: adapterPath });
    expect(checkpoint.adapter).toMatchObject({ source: adapterPath, applied: 1, unmatched: [] });
    expect([...(await checkpoint.tensors[0]!.read())]).toEqual([13, 26]);
    await checkpoint.close();
    const error = await checkpoint.tensors[0]!.read().catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(true);
    const opened = await openAdapter(adapterPath);
    expect(opened).toMatchObject({ source: adapterPath, updates: [{ module, rank: 1, scale: 1 }] });
    await opened.close();
  });

  it('is opened by its file, with the configuration beside it', async () => {
    const path = join(await folder(adapter), 'adapter_model.safetensors');
    expect(await valuesOf(path)).toEqual([[3, 6]]);
    const checkpoint = await openCheckpoint(await folder(base), { adapter: path });
    expect(checkpoint.adapter).toMatchObject({ source: path, applied: 1 });
    await checkpoint.close();
    const alone = join(await folder({ 'x.safetensors': lora }), 'x.safetensors');
    for (const open of [openCheckpoint, openAdapter]) {
      const error = await open(alone).catch((reason: unknown) => reason);
      expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT')).toBe(true);
    }
  });

  it('is found in a folder by the names of each program', async () => {
    const factors = [matrix(`${module}.lora_a`, [[1], [2]]), matrix(`${module}.lora_b`, [[3]])];
    const mlx = fileOf(factors);
    const parameters = JSON.stringify({ lora_parameters: { rank: 1, scale: 2 } });
    const diffusion = fileOf([
      matrix(`${module}.lora_down.weight`, [[1, 2]]),
      matrix(`${module}.lora_up.weight`, [[3]]),
    ]);
    const folders = {
      'mlx-lm': {
        'adapters.safetensors': mlx,
        '0000100_adapters.safetensors': mlx,
        'adapter_config.json': parameters,
      },
      diffusers: { 'pytorch_lora_weights.safetensors': diffusion, 'README.md': '' },
      // Told by what it holds.
      other: { 'my_lora.safetensors': diffusion },
    };
    for (const [format, files] of Object.entries(folders)) {
      const path = await folder(files);
      const alone = await openCheckpoint(path);
      expect(alone.adapterFormat).toBe(format === 'other' ? 'diffusers' : format);
      const scale = format === 'mlx-lm' ? 2 : 1;
      expect([...(await alone.tensors[0]!.read())]).toEqual([3 * scale, 6 * scale]);
      const added = await openCheckpoint(await folder(base), { adapter: path });
      expect([...(await added.tensors[0]!.read())]).toEqual([10 + 3 * scale, 20 + 6 * scale]);
      const error = await openCheckpoint(path, { adapter: path }).catch(
        (reason: unknown) => reason,
      );
      expect(isAlphaLoraError(error, 'INVALID_OPTION')).toBe(true);
      await alone.close();
      await added.close();
    }
    const model = await folder({ 'model.safetensors.index.json': '{}' });
    await expect(openAdapter(model)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is looked for in the folders of a training run', async () => {
    const path = await folder({});
    for (const step of ['checkpoint-10', 'checkpoint-20']) {
      await mkdir(join(path, step));
      for (const [name, content] of Object.entries(adapter))
        await writeFile(join(path, step, name), content);
    }
    const message = `${path}: no weights directly in it; give one of the folders in it that have some: checkpoint-10, checkpoint-20`;
    await expect(openCheckpoint(path)).rejects.toMatchObject({ code: 'NOT_FOUND', message });
    await expect(openAdapter(path)).rejects.toMatchObject({ code: 'NOT_FOUND', message });
    const base = await folder({});
    await expect(openAdapter(base)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is told from a model', async () => {
    expect(await isAdapterFolder(await folder(adapter))).toBe(true);
    // The model comes first where both are; the adapter is opened by its own function.
    const both = await folder({ ...adapter, ...base });
    expect(await isAdapterFolder(both)).toBe(false);
    expect(await valuesOf(both)).toEqual([[10, 20]]);
    expect(await isAdapterFolder(await folder({ 'adapter_config.json': settings }))).toBe(false);
    expect(await isAdapterFolder(join(root, 'nowhere'))).toBe(false);
  });

  it.each<[string, Record<string, string | Uint8Array>, string, RegExp]>([
    ['no configuration', { 'adapter_model.safetensors': lora }, 'NOT_FOUND', /no adapter_config/],
    ['no weights', { 'adapter_config.json': settings }, 'NOT_FOUND', /no adapter_model\.safe/],
    [
      'what is no file of PyTorch',
      { 'adapter_config.json': settings, 'adapter_model.bin': 'x' },
      'INVALID_CHECKPOINT',
      /adapter_model\.bin: not a PyTorch file/,
    ],
    ['another adapter', { ...adapter, 'adapter_config.json': '{' }, 'INVALID_CHECKPOINT', /JSON/],
  ])('is refused with %s', async (_, files, code, message) => {
    const error = await openCheckpoint(await folder(base), { adapter: await folder(files) }).catch(
      (reason: unknown) => reason,
    );
    expect(isAlphaLoraError(error) && error.code).toBe(code);
    expect((error as Error).message).toMatch(message);
  });

  it('is not added to itself, nor to what is not there', async () => {
    const path = await folder(adapter);
    const error = await openCheckpoint(path, { adapter: path }).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'INVALID_OPTION')).toBe(true);
    const nowhere = await openAdapter(join(root, 'nowhere')).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(nowhere, 'NOT_FOUND')).toBe(true);
    // Nor is what is no folder called absent.
    const file = join(path, 'adapter_config.json');
    await expect(openAdapter(file)).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: `${file}: not the weights; give the folder that it lies in`,
    });
    await expect(openAdapter(join(file, 'below'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('fileSource', () => {
  it('notices a file that becomes shorter while it is read', async () => {
    const path = join(await folder({ f: 'x'.repeat(100) }), 'f');
    const source = await fileSource(path);
    await truncate(path, 50);
    const error = await source.read(0, 100).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(true);
    expect((error as Error).message).toMatch(/ends at byte 50, before 100: it was shortened/);
    expect(new TextDecoder().decode(await source.read(48, 50))).toBe('xx');
    await source.close!();
  });

  it('refuses ranges outside the file before it allocates anything', async () => {
    const source = await fileSource(join(await folder({ f: 'abc' }), 'f'));
    for (const [start, end] of [
      [2, 4],
      [-1, 2],
      [2, 1],
      [0, 2 ** 50],
    ] as const) {
      const error = await source.read(start, end).catch((reason: unknown) => reason);
      expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(true);
    }
    await source.close!();
  });

  it('refuses what is not a file', async () => {
    const error = await fileSource(root).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(true);
    expect((error as Error).message).toMatch(/is not a regular file/);
  });

  it('stops at an abort, between the steps of a long read too', async () => {
    const path = join(await folder({ f: '' }), 'f');
    await truncate(path, 64 << 20);
    const source = await fileSource(path);
    const controller = new AbortController();
    const reading = source.read(0, 64 << 20, controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
    await source.close!();
  });
});
