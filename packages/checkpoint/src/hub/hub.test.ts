/** The hub's client against the emulator: what it reads, what it asks, and where its token goes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileOf, lora, matrix } from '../test-support/adapters.js';
import { type Hub, member, outsider, startHub } from '../test-support/hub.js';
import { dict, tensor, torchArchive } from '../test-support/pickles.js';
import {
  openHubAdapter,
  openHubCheckpoint,
  openUrlCheckpoint,
  type RemoteReference,
  remoteSourceAgain,
  resolveHubModel,
} from './index.js';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ pageSize: 2 });
  const config = '{"architectures":["LlamaForCausalLM"],"model_type":"llama"}';
  const weights = fileOf([matrix(q(0), [[1, 2]]), matrix(q(1), [[3, 4]])]);
  await hub.put('demo/model/model.safetensors', weights);
  await hub.put('demo/model/config.json', config);
  await hub.put('demo/model@v1/model.safetensors', fileOf([matrix(q(0), [[9, 9]])]));
  await hub.put('demo/model@refs%2Fpr%2F3/model.safetensors', fileOf([matrix(q(0), [[8, 8]])]));
  const map = {
    [q(0)]: 'model-00001-of-00002.safetensors',
    [q(1)]: 'model-00002-of-00002.safetensors',
  };
  await hub.put('demo/sharded/model.safetensors.index.json', JSON.stringify({ weight_map: map }));
  await hub.put('demo/sharded/model-00001-of-00002.safetensors', fileOf([matrix(q(0), [[1, 2]])]));
  await hub.put('demo/sharded/model-00002-of-00002.safetensors', fileOf([matrix(q(1), [[3, 4]])]));
  await hub.put('demo/sharded/consolidated.safetensors', fileOf([matrix('other', [[5, 6]])]));
  await hub.put('demo/sharded/config.json', config);
  const parts = { [q(0)]: 'part-0.safetensors', [q(1)]: 'part-1.safetensors' };
  await hub.put('demo/mapped/weights_map.json', JSON.stringify({ weight_map: parts }));
  await hub.put('demo/mapped/part-0.safetensors', fileOf([matrix(q(0), [[1, 2]])]));
  await hub.put('demo/mapped/part-1.safetensors', fileOf([matrix(q(1), [[3, 4]])]));
  await hub.put('demo/nested/weights/fp 16/model.safetensors', weights);
  await hub.put(
    'demo/pickled/pytorch_model.bin',
    torchArchive(dict({ [q(0)]: tensor([1, 2]) }), {
      0: new Uint8Array(Float32Array.of(5, 6).buffer),
    }),
  );
  await hub.put('demo/flax/flax_model.msgpack', 'weights');
  await hub.put('demo/empty/README.md', '# nothing');
  await hub.put('demo/lora/adapter_config.json', '{"peft_type":"LORA","r":1,"lora_alpha":2}');
  await hub.put(
    'demo/lora/adapter_model.safetensors',
    fileOf(lora('model.layers.0.self_attn.q_proj', [[1, 1]], [[10]])),
  );
  for (const [name, settings] of Object.entries({
    gated: '{"gated":"manual"}',
    private: '{"private":true}',
    renamed: '{"movedTo":"demo/model"}',
  })) {
    await hub.put(`demo/${name}/model.safetensors`, weights);
    await hub.put(`demo/${name}/.hub.json`, settings);
  }
});
afterAll(() => hub?.close());
beforeEach(async () => {
  await hub.faults();
  await hub.takeLog();
});

const q = (block: number): string => `model.layers.${block}.self_attn.q_proj.weight`;
const open = (reference: string, options: object = {}) =>
  openHubCheckpoint(reference, { endpoint: hub.endpoint, backoff: 1, ...options });

async function valuesOf(reference: string, options: object = {}): Promise<number[][]> {
  const { tensors, close } = await open(reference, options);
  const values = await Promise.all(tensors.map(async ({ read }) => [...(await read())]));
  await close();
  return values;
}

describe('openHubCheckpoint reads', () => {
  it('a model, and pins its commit', async () => {
    const checkpoint = await open('hf://demo/model');
    const { commit, pinned } = await resolveHubModel('hf://demo/model', { endpoint: hub.endpoint });
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(pinned).toBe(`hf://demo/model@${commit}`);
    expect(checkpoint).toMatchObject({
      source: pinned,
      architecture: 'LlamaForCausalLM',
      blocks: 2,
    });
    expect(await valuesOf('hf://demo/model')).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await valuesOf(pinned)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([
    ['another revision', 'hf://demo/model@v1', [[9, 9]]],
    ['a pull request', 'hf://demo/model@refs/pr/3', [[8, 8]]],
    [
      'a subfolder',
      'hf://demo/nested/weights/fp 16',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'what an index lists',
      'hf://demo/sharded/model.safetensors.index.json',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ...['hf://demo/mapped', 'hf://demo/mapped/weights_map.json'].map(
      (reference): [string, string, number[][]] => [
        `what an index of another name lists, by ${reference}`,
        reference,
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ),
    [
      'shards, and nothing beside them',
      'hf://demo/sharded',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'a model by its former name',
      'hf://demo/renamed',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['the updates of an adapter', 'hf://demo/lora', [[20, 20]]],
  ])('%s', async (_, reference, values) => {
    expect(await valuesOf(reference)).toEqual(values);
    const log = await hub.takeLog();
    expect(log.filter(({ url }) => url.includes('consolidated'))).toEqual([]);
  });

  it('a model with an adapter added', async () => {
    const adapter = await openHubAdapter('hf://demo/lora', { endpoint: hub.endpoint });
    expect(await valuesOf('hf://demo/model', { adapter })).toEqual([
      [21, 22],
      [3, 4],
    ]);
  });

  it('a model that is there as pickles alone', async () => {
    expect(await valuesOf('hf://demo/pickled')).toEqual([[5, 6]]);
    const address = `${hub.endpoint}/demo/pickled/resolve/main/pytorch_model.bin`;
    const { tensors } = await openUrlCheckpoint(address);
    expect([...(await tensors[0]!.read())]).toEqual([5, 6]);
  });

  it('what a token opens', async () => {
    for (const name of ['gated', 'private'])
      expect(await valuesOf(`hf://demo/${name}`, { token: member })).toEqual([
        [1, 2],
        [3, 4],
      ]);
  });

  it('each file with one request for its header, and identifies tensors by the digest listed', async () => {
    const { tensors } = await open('hf://demo/sharded');
    const log = await hub.takeLog();
    const resolved = log.filter(
      ({ url }) => url.includes('/resolve/') && url.endsWith('.safetensors'),
    );
    expect(resolved).toHaveLength(2);
    expect(log.filter(({ origin }) => origin === 'files')).toHaveLength(2);
    const identities = tensors.map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(2);
    for (const identity of identities)
      expect(identity).toMatch(/^http:\S+ sha256:[0-9a-f]{64} \d+-\d+$/);
  });
});

describe('refusals say what to do', () => {
  it.each<[string, string, object, string, RegExp]>([
    [
      'a gated model',
      'hf://demo/gated',
      {},
      'IO_FAILED',
      /is gated: accept its conditions on http:\S+\/demo\/gated and set HF_TOKEN to a token from http:\S+\/settings\/tokens/,
    ],
    [
      'a gated model that the account was not let into',
      'hf://demo/gated',
      { token: outsider },
      'IO_FAILED',
      /is gated: accept .* with the account of your token/,
    ],
    [
      'an unknown model',
      'hf://demo/nowhere',
      {},
      'NOT_FOUND',
      /there is no model demo\/nowhere on 127\S+; check its name, or it is private: then set HF_TOKEN/,
    ],
    [
      'an unknown model, with a token',
      'hf://demo/nowhere',
      { token: member },
      'NOT_FOUND',
      /check its name, or your token does not reach it/,
    ],
    [
      'a private model',
      'hf://demo/private',
      { token: outsider },
      'NOT_FOUND',
      /your token does not reach it/,
    ],
    [
      'a token that is none',
      'hf://demo/model',
      { token: 'hf_wrong' },
      'IO_FAILED',
      /does not accept the token/,
    ],
    [
      'an unknown revision',
      'hf://demo/model@v9',
      {},
      'NOT_FOUND',
      /has no revision v9; http\S+ lists them/,
    ],
    [
      'an unknown subfolder',
      'hf://demo/model/none',
      {},
      'NOT_FOUND',
      /hf:\/\/demo\/model\/none does not exist/,
    ],
    [
      'weights in a format that is not read',
      'hf://demo/flax',
      {},
      'UNSUPPORTED_CHECKPOINT',
      /holds flax_model.msgpack but no safetensors/,
    ],
    [
      'weights in a folder below',
      'hf://demo/nested',
      {},
      'NOT_FOUND',
      /^hf:\/\/demo\/nested@[0-9a-f]{40}: no weights directly in it; give the folder in it that has some: weights\/fp 16$/,
    ],
    [
      'weights in a folder below a subfolder',
      'hf://demo/nested/weights',
      {},
      'NOT_FOUND',
      /give the folder in it that has some: fp 16$/,
    ],
    ['no weights at all', 'hf://demo/empty', {}, 'NOT_FOUND', /no \.safetensors, .* file/],
    [
      'an address that is none',
      'hf://demo/model',
      { endpoint: 'hub' },
      'INVALID_OPTION',
      /no http\(s\) address/,
    ],
  ])('%s', async (_, reference, options, code, message) => {
    const error = await open(reference, options).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('a server that is not there', async () => {
    const options = { endpoint: 'http://127.0.0.1:1', attempts: 2 };
    await expect(open('hf://demo/model', options)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(
        /^cannot ask 127.0.0.1:1 about hf:\/\/demo\/model: .*2 times in a row/,
      ),
    });
  });

  it('an answer that is no JSON, or lists what cannot be', async () => {
    const answering =
      (listing: string): typeof fetch =>
      async (input) => {
        const isInfo = String(input).includes('/revision/');
        return new Response(isInfo ? JSON.stringify({ sha: 'a'.repeat(40), id: 'x' }) : listing);
      };
    for (const listing of [
      '<html>',
      '[{"type":"file","path":"../up.safetensors","size":1,"oid":"x"}]',
      `[{"type":"file","path":"a/b.safetensors","size":1,"oid":"${'a'.repeat(40)}"}]`,
      `[{"type":"file","path":"b.safetensors","size":-1,"oid":"${'a'.repeat(40)}"}]`,
      '[{"type":"file","path":"b.safetensors","size":1,"lfs":{"oid":"../../x","size":1}}]',
    ]) {
      await expect(open('hf://demo/model', { fetch: answering(listing) })).rejects.toMatchObject({
        code: 'IO_FAILED',
        message: expect.stringContaining("the hub's answer is not understood"),
      });
    }
  });
});

describe('the token', () => {
  it('goes to the hub and not along its redirects', async () => {
    await valuesOf('hf://demo/gated', { token: member });
    const log = await hub.takeLog();
    const tokens = (origin: string): Set<string | undefined> =>
      new Set(log.filter((request) => request.origin === origin).map((r) => r.authorization));
    expect(tokens('hub')).toEqual(new Set([`Bearer ${member}`]));
    expect(tokens('files')).toEqual(new Set([undefined]));
  });

  it.each(['api', 'resolve', 'files'] as const)(
    'is not sent where a redirect of %s leads',
    async (on) => {
      const seen: Array<string | undefined> = [];
      const other = createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(404).end();
      });
      await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
      const { port } = other.address() as AddressInfo;
      // The same name with another port is another origin; so is a name that resolves to the same place.
      for (const host of ['127.0.0.1', 'localhost']) {
        await hub.faults({ on, kind: 'redirect', to: `http://${host}:${port}/elsewhere` });
        await open('hf://demo/gated', { token: member }).catch(() => undefined);
      }
      other.close();
      expect(seen.length).toBeGreaterThan(0);
      expect(new Set(seen)).toEqual(new Set([undefined]));
    },
  );

  it('is in no message', async () => {
    await hub.faults(
      ...Array.from({ length: 20 }, () => ({ on: 'any', kind: 'status', status: 500 }) as const),
    );
    const error = await open('hf://demo/model', { token: member, attempts: 2 }).catch(String);
    expect(error).not.toContain(member);
  });

  it('does not follow a redirect from https to http', async () => {
    const fetch: typeof globalThis.fetch = async () =>
      new Response(null, { status: 302, headers: { location: 'http://other.example/' } });
    const options = { endpoint: 'https://hub.example', fetch, token: member };
    await expect(open('hf://demo/model', options)).rejects.toThrow(
      /redirected to http:\/\/other.example, which is not safe to follow/,
    );
  });

  it('leaves redirects to browsers, which hide them', async () => {
    const modes: Array<string | undefined> = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      modes.push(init?.redirect);
      const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers() } as Response;
      if (init?.redirect === 'manual') return hidden;
      const answer = new Response('{"sha":"none"}');
      Object.defineProperty(answer, 'url', { value: String(url) });
      return answer;
    };
    await expect(open('hf://demo/model', { fetch })).rejects.toThrow(/none is no commit/);
    expect(modes).toEqual(['manual', 'follow']);
  });
});

describe('openUrlCheckpoint', () => {
  const address = () => `${hub.endpoint}/demo/model/resolve/main/model.safetensors`;

  it('reads a file at an address, without its query in what is written down', async () => {
    const checkpoint = await openUrlCheckpoint(`${address()}?secret=1`);
    expect(checkpoint).toMatchObject({
      source: address(),
      blocks: 2,
    });
    expect(
      await Promise.all(checkpoint.tensors.map(async ({ read }) => [...(await read())])),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const { headers } = await fetch(address());
    expect(checkpoint.tensors[0]!.identity).toContain(headers.get('etag'));
  });

  it('reads what an index lists, which lies beside it', async () => {
    const address = `${hub.endpoint}/demo/sharded/resolve/main/model.safetensors.index.json`;
    const checkpoint = await openUrlCheckpoint(`${address}?download=true`);
    expect(checkpoint).toMatchObject({
      source: address,
      architecture: 'LlamaForCausalLM',
      tensors: [{ name: q(0) }, { name: q(1) }],
    });
    expect([...(await checkpoint.tensors[1]!.read())]).toEqual([3, 4]);
    const log = await hub.takeLog();
    const asked = log.filter(({ origin }) => origin === 'hub').map(({ url }) => url);
    expect(asked.filter((url) => !url.endsWith('?download=true'))).toEqual([]);
    expect(asked.some((url) => url.includes('consolidated'))).toBe(false);
  });

  it('reads an index without a configuration beside it, and says which file is missing', async () => {
    const map = { [q(0)]: 'a b.safetensors' };
    await hub.put('demo/bare/map of all.json', JSON.stringify({ weight_map: map }));
    const address = `${hub.endpoint}/demo/bare/resolve/main/map of all.json`;
    await expect(openUrlCheckpoint(address)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${address}: it lists a b.safetensors, which does not exist; download all the files that it lists into one folder`,
    });
    await hub.put('demo/bare/a b.safetensors', fileOf([matrix(q(0), [[1, 2]])]));
    expect(await openUrlCheckpoint(address)).toMatchObject({
      blocks: 1,
      tensors: [{ name: q(0) }],
    });
  });

  it.each([
    ['a file at an address', async () => openUrlCheckpoint(address())],
    ['a file on a hub', async () => open('hf://demo/model')],
  ])('is opened again by its reference, which refuses another version: %s', async (_, opened) => {
    const options = { endpoint: hub.endpoint, backoff: 1 };
    const { source } = (await opened()).files[0]!;
    const reference = structuredClone(source.reference) as RemoteReference;
    const again = remoteSourceAgain(reference, options);
    expect(again).toMatchObject({ name: source.name, byteLength: source.byteLength, reference });
    expect(again.identity).toBe(source.identity);
    expect(await again.read(3, 40)).toEqual(await source.read(3, 40));
    // A hub's digest outranks validators, which differ between its stores.
    const version = reference.sha256 ? { sha256: '0'.repeat(64) } : { validator: '"other"' };
    const other = remoteSourceAgain({ ...reference, ...version }, options);
    await expect(other.read(3, 40)).rejects.toThrow(/was changed while it was read/);
    const shorter = remoteSourceAgain({ ...reference, byteLength: 50 }, options);
    await expect(shorter.read(3, 40)).rejects.toThrow(/was changed while it was read/);
  });

  it.each([
    ['ftp://example.org/model.safetensors', /no http\(s\) address/],
    ['https://user:pass@example.org/model.safetensors', /^https:\/\/example.org\S+: passwords/],
    ['https://example.org/model.onnx', /must be that of one \.safetensors, .* file/],
    ['https://huggingface.co/org/name/tree/main', /a page, not a file; give hf:\/\/org\/name/],
  ])('refuses %s', async (text, message) => {
    await expect(openUrlCheckpoint(text)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message),
    });
  });

  it('says that a file does not exist', async () => {
    await expect(openUrlCheckpoint(`${hub.files}/none.safetensors`)).rejects.toThrow(/answers 403/);
    await expect(
      openUrlCheckpoint(`${hub.endpoint}/demo/model/resolve/main/none.safetensors`),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
