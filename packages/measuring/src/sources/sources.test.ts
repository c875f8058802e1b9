/** Sources of others: opened by their scheme. */
import {
  encodeValues,
  memorySource,
  readCheckpoint,
  serializeSafetensors,
} from '@alphalora/checkpoint';
import { describe, expect, it } from 'vitest';
import { analyzeModel } from '../analyze-model.js';
import { openModel } from '../models/open.js';
import { schemeOf, sources } from './index.js';
import type { ModelSource } from './source.js';

const tensor = {
  name: 'model.layers.0.self_attn.q_proj.weight',
  dtype: 'F32',
  shape: [20, 30],
  bytes: encodeValues(
    Float32Array.from({ length: 600 }, (_, i) => Math.sin(i ** 1.5)),
    'F32',
  ),
} as const;
const file = Buffer.concat(serializeSafetensors({ tensors: [tensor] }));

const seen: string[] = [];
const bucket: ModelSource = {
  form: 'bucket://name/model',
  connection: 'always',
  async open(address, { network }) {
    const { http, settings } = await network();
    http.onBytes?.(file.byteLength);
    seen.push(`${address} ${settings.token}`);
    const files = [memorySource(file, 'model.safetensors')];
    return {
      checkpoint: await readCheckpoint({ files, name: address }),
      pinned: `${address}?v1`,
    };
  },
};
sources.add('bucket', () => bucket);

describe('a further source', () => {
  it('is opened by its scheme, and elsewhere as the version that it said', async () => {
    const remote = { token: 'secret' };
    const opened = await openModel('bucket://a/model', { remote });
    expect(opened.checkpoint).toMatchObject({ source: 'bucket://a/model', blocks: 1 });
    const { access, reference } = opened;
    expect(reference).toEqual({ model: 'bucket://a/model?v1', splitFused: false });
    expect(access.remote).toEqual(remote);
    await openModel(reference.model, { remote });
    expect(seen.splice(0)).toEqual(['bucket://a/model secret', 'bucket://a/model?v1 secret']);
    expect(new BigInt64Array(access.received!)[0]).toBe(BigInt(file.byteLength));
  });

  it('is measured from', async () => {
    const { matrices, model } = await analyzeModel('bucket://a/model', { bootstrap: 0 });
    expect(model.source).toBe('bucket://a/model');
    expect(matrices).toMatchObject([{ name: tensor.name, status: 'ok' }]);
  });

  it.each([
    [{ offline: true }, /^bucket:\/\/a needs a connection/],
    [{ download: true }, /^--download goes with hf:\/\/, not with bucket:\/\/a$/],
    [{ adapter: 'https://x.org/a' }, /^https:\/\/x\.org\/a: adapters are not read from https/],
    [{ adapter: 'bucket://b' }, /^bucket:\/\/b: adapters are not read from bucket:\/\/name\/model/],
  ])('is refused with what does not go with it: %j', async (options, message) => {
    seen.length = 0;
    await expect(openModel('bucket://a', options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message),
    });
    expect(seen).toEqual([]);
  });
});

describe('an address', () => {
  it.each([
    ['model', 'path'],
    ['C:\\model', 'path'],
    ['./a://b', 'path'],
    ['hf://org/name', 'hf'],
    ['HTTPS://x.org/a', 'https'],
    ['s3+http://x', 's3+http'],
  ])('%s has the scheme %s', (address, scheme) => {
    expect(schemeOf(address)).toBe(scheme);
  });

  it('of an unknown scheme is refused with those that there are', async () => {
    await expect(openModel('s3://bucket/model')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        's3://bucket/model: models are read from disk, hf://org/name, https://... and ' +
        'bucket://name/model; download it and give its folder',
    });
  });
});
