/** A format that is added reaches every place that weights are read from. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import type { ByteSource } from '@alphalora/contracts/weights';
import { temporaryFolder } from '@alphalora/testing/folders';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapterCheckpoint, readCheckpoint } from '../checkpoint.js';
import { openHubCheckpoint, openUrlCheckpoint } from '../hub/index.js';
import { isAdapterFolder, openAdapter, openCheckpoint } from '../node/index.js';
import { memorySource } from '../sources/memory.js';
import { storedTensor } from '../tensors/stored.js';
import { fileOf, lora, matrix } from '../test-support/adapters.js';
import { f32, fileBytes } from '../test-support/files.js';
import { startHub } from '../test-support/hub.js';
import { formats } from './index.js';
import { isNameOfWeights } from './names.js';
import { safetensors } from './safetensors/format.js';

/** Characters as bytes. */
const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));
const starts = (head: Uint8Array, text: string): boolean =>
  bytes(text).every((byte, i) => head[i] === byte);

/** Two blocks of Q8_0, the second half the first; its configuration names the model. */
const sample: CheckpointFormat = {
  name: 'sample',
  extensions: ['.sample'],
  sniff: (head) => starts(head, 'SAMP'),
  async read(source) {
    const shape = [2, 32];
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const place = { name, shape, dtype: 'Q8_0', start: 4, end: 72 } as const;
    return {
      tensors: [storedTensor(source, place)],
      metadata: { by: 'hand' },
      config: { architectures: ['Sample'] },
      tokenizer: () => ({ tokenizer: { model: { type: 'BPE' } } }),
    };
  },
};
const codes = String.fromCharCode(...Array.from({ length: 32 }, (_, i) => i));
const sampleFile = memorySource(bytes(`SAMP\0\x3c${codes}\0\x38${codes}`), 'model.safetensors');

/** A safetensors file after four letters. */
const wrapped: CheckpointFormat = {
  name: 'wrapped',
  extensions: ['.wrap', '.wrapped'],
  sniff: (head) => starts(head, 'WRAP'),
  async read(source, signal) {
    const inner: ByteSource = {
      name: source.name,
      byteLength: source.byteLength - 4,
      read: (start, end, abort) => source.read(start + 4, end + 4, abort),
    };
    return safetensors.read(inner, signal);
  },
};
const wrap = (file: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([...bytes('WRAP'), ...file]);

const q = (block: number): string => `model.layers.${block}.self_attn.q_proj.weight`;
const first = fileOf([matrix(q(0), [[1, 2]])]);
const second = fileOf([matrix(q(1), [[3, 4]])]);

const root = temporaryFolder('formats');
beforeAll(async () => {
  formats.add('sample', () => sample);
  formats.add('wrapped', () => wrapped);
});

async function folder(name: string, files: Record<string, Uint8Array | string>): Promise<string> {
  const path = join(root, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return path;
}

describe('what a file of a further format says', () => {
  it('is taken as that of the built-in ones is, blocks of elements included', async () => {
    const checkpoint = await readCheckpoint({ files: [sampleFile] });
    expect(checkpoint).toMatchObject({
      architecture: 'Sample',
      blocks: 1,
      metadata: { by: 'hand' },
      tensors: [{ role: 'q_proj', kind: 'projection', block: 0, dtype: 'Q8_0', shape: [2, 32] }],
    });
    expect(checkpoint.tokenizer!()).toEqual({ tokenizer: { model: { type: 'BPE' } } });
    expect([...(await checkpoint.tensors[0]!.read(30, 36))]).toEqual([30, 31, 0, 0.5, 1, 1.5]);
  });

  it('counts less than config.json does', async () => {
    const config = memorySource(bytes('{"architectures":["Own"]}'), 'config.json');
    const { architecture } = await readCheckpoint({ files: [sampleFile], config });
    expect(architecture).toBe('Own');
  });

  it('is not asked for where a file begins as safetensors does', async () => {
    let asked = 0;
    const sniff = (head: Uint8Array): boolean => ++asked > 0 && head[8] === bytes('{')[0];
    formats.add('greedy', () => ({ ...sample, name: 'greedy', extensions: [], sniff }));
    const own = memorySource(fileBytes({ w: f32([1], 0, 4) }, 4), 'model.sample');
    const { tensors } = await readCheckpoint({ files: [own] });
    expect([tensors.map(({ name }) => name), asked]).toEqual([['w'], 0]);
  });
});

async function namesAndValues(path: string): Promise<unknown[]> {
  const { tensors, close } = await openCheckpoint(path);
  const read = await Promise.all(tensors.map(async (each) => [each.name, ...(await each.read())]));
  await close();
  return read;
}

describe('a further format is found', () => {
  it.each<[string, Record<string, Uint8Array | string>]>([
    ['whole', { 'model.wrap': wrap(first) }],
    ['by another of its endings', { 'model.wrapped': wrap(first) }],
    ['as the only file of weights', { 'other.wrap': wrap(first), 'README.md': '' }],
    ['beside what is not read', { 'other.wrap': wrap(first), 'model.onnx': '' }],
  ])('in a folder, %s', async (name, files) => {
    expect(await namesAndValues(await folder(name, files))).toEqual([[q(0), 1, 2]]);
  });

  it('in a folder, by an index', async () => {
    const map = { [q(0)]: 'model-1-of-2.wrap', [q(1)]: 'model-2-of-2.wrap' };
    const path = await folder('index', {
      'model.wrap.index.json': JSON.stringify({ weight_map: map }),
      'model-1-of-2.wrap': wrap(first),
      'model-2-of-2.wrap': wrap(second),
    });
    expect(await namesAndValues(path)).toEqual([
      [q(0), 1, 2],
      [q(1), 3, 4],
    ]);
  });

  it('after safetensors, of a model that is there in both', async () => {
    const path = await folder('both', { 'model.wrap': wrap(second), 'only.safetensors': first });
    expect(await namesAndValues(path)).toEqual([[q(0), 1, 2]]);
  });

  it('as an adapter', async () => {
    const path = await folder('adapter', {
      'adapter_config.json': '{"peft_type":"LORA","r":1,"lora_alpha":2}',
      'adapter_model.wrap': wrap(fileOf(lora('model.layers.0.self_attn.q_proj', [[1, 1]], [[10]]))),
    });
    expect(await isAdapterFolder(path)).toBe(true);
    const adapter = await openAdapter(path);
    expect(await adapterCheckpoint(adapter).tensors[0]!.read()).toEqual(Float32Array.of(20, 20));
    const base = await folder('base', { 'model.wrap': wrap(first) });
    const { tensors, close } = await openCheckpoint(base, { adapter });
    expect(await tensors[0]!.read()).toEqual(Float32Array.of(21, 22));
    await close();
  });

  it('on a hub, and at an address', async () => {
    const hub = await startHub();
    try {
      await hub.put('demo/wrapped/model.wrap', wrap(first));
      const { endpoint } = hub;
      const onHub = await openHubCheckpoint('hf://demo/wrapped', { endpoint });
      const address = `${endpoint}/demo/wrapped/resolve/main/model.wrap`;
      const atAddress = await openUrlCheckpoint(address);
      for (const { tensors } of [onHub, atAddress]) {
        expect(await tensors[0]!.read()).toEqual(Float32Array.of(1, 2));
      }
    } finally {
      await hub.close();
    }
  });
});

describe('the names of a further format', () => {
  it('are those of weights', () => {
    const names = ['a.wrap', 'a.wrapped', 'model.wrap.index.json', 'model.safetensors'];
    expect([...names, 'a.rap', 'index.json', 'wrap'].filter(isNameOfWeights)).toEqual(names);
  });

  it('are in what is said of a place without weights', async () => {
    const path = await folder('empty', { 'README.md': '' });
    const endings =
      '.safetensors, .bin, .pt, .pth, .ckpt, .gguf, .npz, .npy, .sample, .wrap or .wrapped';
    await expect(openCheckpoint(path)).rejects.toThrow(`no ${endings} file; give`);
    await expect(openUrlCheckpoint('https://example.org/model.onnx')).rejects.toThrow(
      `must be that of one ${endings} file`,
    );
  });

  it('promise it: another file of that name breaks it, and is not refused as foreign', async () => {
    const read = (): never => {
      throw new Error('no SAMP');
    };
    formats.add('onnx', () => ({
      ...sample,
      name: 'onnx',
      extensions: ['.onnx'],
      sniff: () => false,
      read,
    }));
    const file = memorySource(bytes('\x01nothing of it'), 'model.onnx');
    await expect(readCheckpoint({ files: [file] })).rejects.toThrow('no SAMP');
  });
});
