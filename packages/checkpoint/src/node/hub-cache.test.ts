/** The cache on disk against the emulator; its layout against what Python's huggingface_hub documents. */
import { createHash } from 'node:crypto';
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openHubAdapter, openHubCheckpoint, resolveHubModel } from '../hub/index.js';
import { fileOf, lora, matrix } from '../test-support/adapters.js';
import { type Hub, startHub } from '../test-support/hub.js';
import { encodeValues } from '../values/encode.js';
import { type Downloading, hubCache, openCachedAdapter, openCachedCheckpoint } from './index.js';

const SIDE = 400;
const name = 'model.layers.0.self_attn.q_proj.weight';
const values = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.cos(i));
const weights = fileOf([
  { name, shape: [SIDE, SIDE], dtype: 'F32', bytes: encodeValues(values, 'F32') },
]);
const config = '{"architectures":["LlamaForCausalLM"]}';
const sha256 = createHash('sha256').update(weights).digest('hex');
const oid = createHash('sha1').update(`blob ${config.length}\0${config}`).digest('hex');

let hub: Hub;
const root = temporaryFolder('cache');
let cache: string;
let caches = 0;
beforeAll(async () => {
  hub = await startHub();
  await hub.put('demo/model/model.safetensors', weights);
  await hub.put('demo/model/config.json', config);
  await hub.put('demo/model/README.md', '# not needed');
  await hub.put('demo/lora/adapter_config.json', '{"peft_type":"LORA","r":1,"lora_alpha":2}');
  const [a, b] = [[Array(SIDE).fill(1)], Array.from({ length: SIDE }, () => [1])];
  await hub.put(
    'demo/lora/adapter_model.safetensors',
    fileOf(lora('model.layers.0.self_attn.q_proj', a, b)),
  );
  await hub.put('demo/parts/model-00001-of-00002.safetensors', fileOf([matrix(name, [[1, 2]])]));
});
afterAll(() => hub?.close());
beforeEach(async () => {
  cache = join(root, String(caches++));
  await hub.faults();
  await hub.takeLog();
});

const connection = () => ({ endpoint: hub.endpoint, backoff: 1, timeout: 300, attempts: 2 });
const downloaded = (reference = 'hf://demo/model', more: object = {}) =>
  openHubCheckpoint(reference, {
    ...connection(),
    local: hubCache({ folder: cache, download: true, ...more }),
  });
const storage = (path = ''): string => join(cache, 'models--demo--model', path);
const blobs = async (): Promise<string[]> => (await readdir(storage('blobs'))).sort();

async function isRight(checkpoint: Awaited<ReturnType<typeof downloaded>>): Promise<boolean> {
  const read = await checkpoint.tensors[0]!.read();
  await checkpoint.close();
  return Buffer.from(read.buffer).equals(Buffer.from(values.buffer));
}

describe('with a download', () => {
  it('what is needed is kept in the layout that others share', async () => {
    const progress: Downloading[] = [];
    const checkpoint = await downloaded('hf://demo/model', {
      onProgress: (state: Downloading) => progress.push(state),
    });
    const { commit, pinned } = await resolveHubModel('hf://demo/model', connection());
    expect(checkpoint.source).toBe(pinned);
    expect(await isRight(checkpoint)).toBe(true);
    expect(await blobs()).toEqual([sha256, oid].sort());
    expect(await readFile(storage('refs/main'), 'utf8')).toBe(commit);
    const snapshot = storage(`snapshots/${commit}`);
    expect((await readdir(snapshot)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await readlink(join(snapshot, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
    const total = weights.byteLength;
    expect(progress.at(-1)).toEqual({ file: 'model.safetensors', done: total, total });
    expect(progress).toContainEqual({ file: 'model.safetensors', done: 0, total });
  });

  it('nothing is downloaded twice, and files are read from the cache without being asked for', async () => {
    await (await downloaded()).close();
    await hub.takeLog();
    expect(await isRight(await downloaded())).toBe(true);
    const local = hubCache({ folder: cache });
    expect(
      await isRight(await openHubCheckpoint('hf://demo/model', { ...connection(), local })),
    ).toBe(true);
    const log = await hub.takeLog();
    expect(log.filter(({ url }) => !url.startsWith('/api/'))).toEqual([]);
  });

  it('a revision that was downloaded under another name costs nothing', async () => {
    await (await downloaded()).close();
    const { commit } = await resolveHubModel('hf://demo/model', connection());
    await rm(storage(`snapshots/${commit}`), { recursive: true });
    await hub.takeLog();
    expect(await isRight(await downloaded(`hf://demo/model@${commit}`))).toBe(true);
    const log = await hub.takeLog();
    expect(log.filter(({ url }) => !url.startsWith('/api/'))).toEqual([]);
  });

  it('a broken download goes on where it ended', async () => {
    const cut = Array.from(
      { length: 4 },
      () => ({ on: 'files', kind: 'cut', bytes: 1000 }) as const,
    );
    await hub.faults(...cut);
    await expect(downloaded()).rejects.toMatchObject({ code: 'IO_FAILED' });
    await hub.faults();
    // As if a larger part had arrived.
    const unfinished = `blobs/${sha256}.alphalora.incomplete`;
    await writeFile(storage(unfinished), weights.subarray(0, 500_000));
    await hub.takeLog();
    expect(await isRight(await downloaded())).toBe(true);
    const ranges = (await hub.takeLog()).filter(({ origin }) => origin === 'files');
    expect(ranges.map(({ range }) => range)).toEqual([`bytes=500000-${weights.byteLength - 1}`]);
    expect(await blobs()).toEqual([sha256, oid].sort());
  });

  it('what another process is writing is left alone until it is abandoned', async () => {
    await mkdir(storage('blobs'), { recursive: true });
    const other = storage(`blobs/${sha256}.alphalora-0123abcd.incomplete`);
    await writeFile(other, weights.subarray(0, 1000));
    expect(await isRight(await downloaded())).toBe(true);
    expect(await blobs()).toContain(`${sha256}.alphalora-0123abcd.incomplete`);
    await rm(storage(`blobs/${sha256}`));
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(other, hourAgo, hourAgo);
    await hub.takeLog();
    expect(await isRight(await downloaded())).toBe(true);
    const [request] = (await hub.takeLog()).filter(({ origin }) => origin === 'files');
    expect(request!.range).toMatch(/^bytes=1000-/);
    expect(await blobs()).toEqual([sha256, oid].sort());
  });

  it('what was damaged on its way is refused, and not kept', async () => {
    const unfinished = storage(`blobs/${sha256}.alphalora.incomplete`);
    await mkdir(storage('blobs'), { recursive: true });
    await writeFile(unfinished, new Uint8Array(1000));
    await expect(downloaded()).rejects.toThrow(/does not have the digest that the hub lists/);
    expect(await blobs()).not.toContain(sha256);
    expect(await isRight(await downloaded())).toBe(true);
  });

  it('two at once both succeed', async () => {
    const both = await Promise.all([downloaded(), downloaded()]);
    for (const checkpoint of both) expect(await isRight(checkpoint)).toBe(true);
    expect(await blobs()).toEqual([sha256, oid].sort());
  });

  it('a disk that refuses is an error that names the model', async () => {
    await writeFile(cache, 'a file where the folder should be');
    await expect(downloaded()).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(
        /^cannot download hf:\/\/demo\/model@\w+\/config.json: cannot write .*: a part of the path is a file/,
      ),
    });
  });
});

describe('without a connection', () => {
  it('a model and an adapter come from the cache', async () => {
    await (await downloaded()).close();
    await (await downloaded('hf://demo/lora')).close();
    await hub.takeLog();
    const checkpoint = await openCachedCheckpoint('hf://demo/model', { folder: cache });
    expect(checkpoint.source).toMatch(/^hf:\/\/demo\/model@[0-9a-f]{40}$/);
    expect(checkpoint.architecture).toBe('LlamaForCausalLM');
    expect(await isRight(checkpoint)).toBe(true);
    const adapter = await openCachedAdapter('hf://demo/lora', cache);
    const changed = await openCachedCheckpoint(checkpoint.source, { folder: cache, adapter });
    expect((await changed.tensors[0]!.read(0, 1))[0]).toBe(3);
    await changed.close();
    expect(await hub.takeLog()).toEqual([]);
  });

  it('what is missing is said', async () => {
    const missing = (reference: string) =>
      expect(openCachedCheckpoint(reference, { folder: cache })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringMatching(
          /is not, or not completely, in the cache .*; download it once/,
        ),
      });
    await missing('hf://demo/model');
    await (await downloaded()).close();
    await missing('hf://demo/model@v1');
    await missing(`hf://demo/model@${'0'.repeat(40)}`);
    await missing('hf://demo/model/subfolder');
    const { commit } = await resolveHubModel('hf://demo/model', connection());
    await rm(storage(`snapshots/${commit}/model.safetensors`));
    await missing('hf://demo/model');
  });

  it('what is there in folders below is named', async () => {
    await hub.put('demo/pipeline/unet/model.safetensors', weights);
    await (await downloaded('hf://demo/pipeline/unet')).close();
    await expect(
      openCachedCheckpoint('hf://demo/pipeline', { folder: cache }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `hf://demo/pipeline: in the cache ${cache}, no weights directly in it; give the folder in it that has some: unet; or download it once with a connection`,
    });
  });

  it('a shard without the others is not taken for the model', async () => {
    const { commit } = await resolveHubModel('hf://demo/parts', connection());
    const path = join(
      cache,
      'models--demo--parts/snapshots',
      commit,
      'model-00001-of-00002.safetensors',
    );
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(hub.folder, 'demo/parts/model-00001-of-00002.safetensors'), path);
    await expect(
      openCachedCheckpoint(`hf://demo/parts@${commit}`, { folder: cache }),
    ).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(/one of 2 files/),
    });
  });
});

it('adapters are downloaded too', async () => {
  const local = hubCache({ folder: cache, download: true });
  const adapter = await openHubAdapter('hf://demo/lora', { ...connection(), local });
  await adapter.close();
  expect(await readdir(join(cache, 'models--demo--lora/blobs'))).toHaveLength(2);
});
