import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { type Outcome, startCommand } from '@alphalora/testing/program';
import { demoModel, programFile } from '@alphalora/testing/repository';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileOf, lora } from '../packages/checkpoint/src/test-support/adapters.js';
import { type Hub, member, startHub } from '../packages/checkpoint/src/test-support/hub.js';
import { encodeValues } from '../packages/checkpoint/src/values/encode.js';
import type { Analysis } from '../packages/contracts/src/index.js';

const demoWeights = readFileSync(join(demoModel, 'model.safetensors'));
const root = temporaryFolder('hub-cli');
const large = { blocks: 10, side: 640 };

let hub: Hub;
let homes = 0;
let home: string;
beforeAll(async () => {
  hub = await startHub();
  const config = readFileSync(join(demoModel, 'config.json'));
  for (const name of ['model', 'gated']) {
    await hub.put(`demo/${name}/model.safetensors`, demoWeights);
    await hub.put(`demo/${name}/config.json`, config);
  }
  await hub.put('demo/gated/.hub.json', '{"gated":"auto"}');
  await hub.put('demo/large/model.safetensors', largeModel());
  await hub.put(
    'demo/large/config.json',
    JSON.stringify({ ...JSON.parse(config.toString()), num_hidden_layers: large.blocks }),
  );
  await hub.put('demo/lora/adapter_config.json', '{"peft_type":"LORA","r":2,"lora_alpha":2}');
  const rows = (count: number, length: number): number[][] =>
    Array.from({ length: count }, (_, i) => Array.from({ length }, (_, j) => Math.cos(i + 2 * j)));
  await hub.put(
    'demo/lora/adapter_model.safetensors',
    fileOf(lora('model.layers.0.self_attn.q_proj', rows(2, 96), rows(96, 2))),
  );
});
afterAll(() => hub?.close());
beforeEach(async () => {
  home = join(root, String(homes++));
  mkdirSync(home);
  await hub.faults();
  await hub.takeLog();
});

/** Enough work for threads of their own. */
function largeModel(): Uint8Array {
  const { blocks, side } = large;
  let state = 1;
  const noise = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  const tensors = Array.from({ length: blocks }, (_, block) => {
    const values = Float32Array.from({ length: side * side }, noise);
    const name = `model.layers.${block}.self_attn.q_proj.weight`;
    return { name, shape: [side, side], dtype: 'F32', bytes: encodeValues(values, 'F32') } as const;
  });
  return fileOf(tensors);
}

/** Runs the program as a user who has nothing but what the test gives. */
function alphaloraWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> {
  const { PATH, SystemRoot, TEMP } = process.env;
  return startCommand(process.execPath, [programFile, ...args], {
    cwd: home,
    env: {
      PATH,
      SystemRoot,
      TEMP,
      HOME: home,
      USERPROFILE: home,
      HF_ENDPOINT: hub.endpoint,
      ALPHALORA_CACHE: join(home, 'cache'),
      ...env,
    },
  }).outcome;
}

const alphalora = (...args: string[]): Promise<Outcome> => alphaloraWith({}, ...args);

/** Without intervals, unless asked for: they cost as much as all else. */
async function analysisOf(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Analysis> {
  const command = ['analyze', '--json', '--draws', '0', ...args];
  const { code, stdout, stderr } = await alphaloraWith(env, ...command);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const sentFiles = async (): Promise<number> =>
  (await hub.takeLog()).reduce(
    (sum, { origin, bytes }) => sum + (origin === 'files' ? bytes : 0),
    0,
  );

describe('a model on the hub that runs', () => {
  const name = 'hf://demo/language';
  const onDisk = writeLanguageModel(join(root, 'language'));
  const size = readdirSync(onDisk).reduce(
    (sum, file) => sum + statSync(join(onDisk, file)).size,
    0,
  );
  const data = join(root, 'cats.jsonl');
  const task = ['--task', 'text', '--data', data, '--backend', 'wasm'];
  const recipe = [...task, '--allocation', 'plan/allocation.json', '--steps', '2', '-o', 'adapter'];
  beforeAll(async () => {
    for (const file of readdirSync(onDisk)) {
      await hub.put(`demo/language/${file}`, readFileSync(join(onDisk, file)));
    }
    await hub.put('demo/language/README.md', 'nothing that a model needs');
    await hub.put('demo/language/.hub.json', '{"private":true}');
    writeFileSync(data, '{"text":"the cat sat on the mat."}\n'.repeat(8));
  });
  const asMember = (...args: string[]) => alphaloraWith({ HF_TOKEN: member }, ...args);

  it('is downloaded once, with its tokenizer, and read without a connection then', async () => {
    expect((await asMember('plan', name, '--total', '6', '-o', 'plan')).code).toBe(0);
    const trained = await asMember('train', name, ...recipe);
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr.match(/downloading .*/g)).toEqual([
      expect.stringMatching(/^downloading hf:\/\/demo\/language \(\d files, .*B\) into .*hub$/),
    ]);
    const config = JSON.parse(readFileSync(join(home, 'adapter/adapter_config.json'), 'utf8'));
    expect(config.base_model_name_or_path).toBe('demo/language');
    expect(config.revision).toMatch(/^[0-9a-f]{40}$/);
    expect(existsSync(join(home, '.cache/huggingface/hub/models--demo--language'))).toBe(true);
    await hub.takeLog();

    const again = await asMember('evaluate', name, ...task, '--adapter', 'adapter', '--json');
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).not.toContain('downloading');
    // Headers are looked at again, weights are not.
    expect(await sentFiles()).toBeLessThan(size);

    const scores = await alphalora('calibrate', name, ...task, '--offline', '-o', 'scores.json');
    expect(scores.code, scores.stderr).toBe(0);
    const { model } = JSON.parse(readFileSync(join(home, 'scores.json'), 'utf8'));
    expect(model.source).toBe(`hf://demo/language@${config.revision}`);
    const prompt = ['--prompt', 'the cat', '--max-tokens', '4', '--backend', 'wasm'];
    const told = await alphaloraWith({ HF_HUB_OFFLINE: '1' }, 'generate', name, ...prompt);
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toBe((await alphalora('generate', onDisk, ...prompt)).stdout);
    expect(await hub.takeLog()).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ['without the token', ['generate', name, '--prompt', 'a'], /demo\/language.*HF_TOKEN/],
    [
      'offline, where it was not downloaded',
      ['generate', name, '--prompt', 'a', '--offline'],
      /not completely, in the cache/,
    ],
    [
      'at an address',
      ['generate', 'https://x.org/a.gguf', '--prompt', 'a'],
      /read from this machine or from hf:\/\/org\/name/,
    ],
  ])('is refused %s', async (_, args, message) => {
    const { code, stderr } = await alphalora(...args);
    expect(stderr).toMatch(message);
    expect(code).not.toBe(0);
  });
});

describe('a model by its name on the hub', () => {
  it('is planned like one on disk, and its commit is written down', async () => {
    const { code, stderr } = await alphalora(
      'plan',
      'hf://demo/model',
      '--total',
      '40',
      '-o',
      'plan',
    );
    expect(code, stderr).toBe(0);
    const analysis: Analysis = JSON.parse(readFileSync(join(home, 'plan/analysis.json'), 'utf8'));
    expect(analysis.model.source).toMatch(/^hf:\/\/demo\/model@[0-9a-f]{40}$/);
    const onDisk = await analysisOf({}, demoModel, '--no-cache', '--draws', '200');
    expect({ ...analysis, timings: 0 }).toEqual({
      ...onDisk,
      timings: 0,
      model: { ...onDisk.model, source: analysis.model.source },
    });
  });

  it('is read once: a second run takes the headers only, and computes nothing', async () => {
    const first = await analysisOf({}, 'hf://demo/large', '--jobs', '2');
    const size = 4 * large.blocks * large.side ** 2;
    // The header is read by the program, and by none of its threads.
    const headers = 2 ** 17;
    expect(await sentFiles()).toBeLessThan(size + headers + 10_000);
    const second = await analysisOf({}, 'hf://demo/large', '--jobs', '2');
    expect(await sentFiles()).toBeLessThanOrEqual(headers);
    expect({ ...second, timings: 0 }).toEqual({ ...first, timings: 0 });
    // What is known of it by now holds for a copy on disk as well.
    const copy = join(home, 'copy.safetensors');
    writeFileSync(copy, largeModel());
    const onDisk = await analysisOf({}, copy, '--no-cache', '--jobs', '2');
    expect(onDisk.matrices).toEqual(first.matrices);
  });

  it('is read once even when nothing is kept', async () => {
    await analysisOf({}, 'hf://demo/model', '--no-cache');
    expect(await sentFiles()).toBeLessThan(demoWeights.byteLength + 2 ** 17 + 10_000);
  });

  it('can be kept, and used without a connection', async () => {
    const kept = await analysisOf({}, 'hf://demo/large', '--download', '--jobs', '2');
    await hub.takeLog();
    const away = { HF_ENDPOINT: 'http://127.0.0.1:1', ALPHALORA_CACHE: join(home, 'other') };
    const offline = await analysisOf(away, 'hf://demo/large', '--offline', '--jobs', '2');
    expect({ ...offline, timings: 0 }).toEqual({ ...kept, timings: 0 });
    const byEnvironment = await analysisOf({ ...away, HF_HUB_OFFLINE: '1' }, 'hf://demo/large');
    expect(byEnvironment.matrices).toEqual(kept.matrices);
    expect(await hub.takeLog()).toEqual([]);
    const missing = await alphaloraWith(away, 'analyze', 'hf://demo/model', '--offline');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(
      /not completely, in the cache .*; download it .* with --download/,
    );
  });

  it('can be an adapter, or get one', async () => {
    const alone = await analysisOf({}, 'hf://demo/lora');
    expect(alone.matrices).toHaveLength(1);
    for (const base of ['hf://demo/model', demoModel]) {
      const added = await analysisOf({}, base, '--adapter', 'hf://demo/lora');
      expect(added.model.adapter).toMatch(/^hf:\/\/demo\/lora@[0-9a-f]{40}$/);
      const plain = await analysisOf({}, demoModel);
      const changed = added.matrices.filter((row, i) => row.digest !== plain.matrices[i]!.digest);
      expect(changed.map(({ name }) => name)).toEqual(['model.layers.0.self_attn.q_proj.weight']);
    }
  });

  it('is inspected by its header', async () => {
    const { stdout } = await alphalora('inspect', 'hf://demo/large', '--json');
    expect(JSON.parse(stdout).weights).toHaveLength(large.blocks);
    expect(await sentFiles()).toBeLessThanOrEqual(2 ** 17);
  });
});

describe('the token', () => {
  it('is taken from the environment, or from where the hub keeps it', async () => {
    const refused = await alphalora('inspect', 'hf://demo/gated');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/gated: accept its conditions on http\S+ and set HF_TOKEN/);
    expect((await alphaloraWith({ HF_TOKEN: member }, 'inspect', 'hf://demo/gated')).code).toBe(0);
    mkdirSync(join(home, '.cache/huggingface'), { recursive: true });
    writeFileSync(join(home, '.cache/huggingface/token'), `${member}\n`);
    expect((await alphalora('analyze', 'hf://demo/gated')).code).toBe(0);
    const log = await hub.takeLog();
    const leaked = log.filter(({ origin, authorization }) => origin === 'files' && authorization);
    expect(leaked).toEqual([]);
  });

  it('is not shown when it cannot be one', async () => {
    const { code, stderr } = await alphaloraWith(
      { HF_TOKEN: 'hf_sec\nret' },
      'inspect',
      'hf://demo/model',
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('sec');
  });
});

it('a file at an address is analysed like one on disk', async () => {
  const address = `${hub.endpoint}/demo/model/resolve/main/model.safetensors`;
  const { model, matrices } = await analysisOf({}, `${address}?secret=1`);
  expect(model.source).toBe(address);
  const onDisk = await analysisOf({}, join(demoModel, 'model.safetensors'));
  expect(matrices).toEqual(onDisk.matrices);
});

it('a file that changes under the analysis ends it', async () => {
  const pass = { on: 'files', kind: 'pass' } as const;
  await hub.faults(pass, pass, pass, { on: 'files', kind: 'etag' });
  const { code, stderr } = await alphalora(
    ...['analyze', 'hf://demo/large', '--jobs', '1', '--draws', '0'],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^error: hf:\/\/demo\/large@\w+\/model.safetensors: it was changed while it was read; start again/m,
  );
});

describe('a server that sends other bytes under the same name, digest and size', () => {
  const [pass, other] = ['pass', 'other'].map((kind) => ({ on: 'files', kind }) as const);
  const one = ['hf://demo/model', '--include', '*layers.0*q_proj*', '--jobs', '1', '--draws', '0'];
  /** Requests that read no weights. */
  const headers = [pass!];
  const numbers = async (...more: string[]) =>
    (await analysisOf({}, ...one, ...more)).matrices.find(({ status }) => status === 'ok');
  const onDisk = async (...more: string[]) => {
    const { matrices } = await analysisOf({}, demoModel, ...one.slice(1), '--no-cache', ...more);
    return matrices.find(({ status }) => status === 'ok');
  };

  it('is found out when the matrix is read twice', async () => {
    const twice = [...one, '--metrics', 'randomised'];
    for (const cache of [[], ['--no-cache']]) {
      await hub.faults(...headers, pass!, other!);
      const { code, stderr } = await alphalora('analyze', ...twice, ...cache);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/^error: \S*q_proj\.weight: it was changed while it was read/m);
    }
    await hub.faults();
    expect(await numbers('--metrics', 'randomised')).toEqual(
      await onDisk('--metrics', 'randomised'),
    );
  });

  it('is found out when an earlier run has read the matrix, and leaves nothing in the cache', async () => {
    const right = await numbers();
    expect(right).toEqual(await onDisk());
    await hub.faults(...headers, other!);
    const { code, stderr } = await alphalora('analyze', ...one, '--precision', 'f32');
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(
      /^error: \S*q_proj\.weight: other bytes arrived than in an earlier run.*--download/m,
    );
    await hub.faults();
    expect(await numbers('--precision', 'f32')).toEqual(await onDisk('--precision', 'f32'));
    expect(await numbers()).toEqual(right);
  });

  it('never gets its numbers under the digest of the right bytes', async () => {
    await hub.faults(...headers, other!);
    const wrong = await numbers();
    const right = await onDisk();
    expect(wrong!.digest).not.toBe(right!.digest);
    // By the same cache, a copy on disk has its own numbers.
    const { matrices } = await analysisOf({}, demoModel, ...one.slice(1));
    expect(matrices.find(({ status }) => status === 'ok')).toEqual(right);
  });
});

it('goes through the proxy of the environment', async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client, head) => {
    asked.push(request.url!);
    const [host, port] = request.url!.split(':') as [string, string];
    const server = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client]) socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { code, stderr } = await alphaloraWith(
    { HTTP_PROXY: address },
    'analyze',
    'hf://demo/model',
  );
  proxy.close();
  expect(code, stderr).toBe(0);
  expect(new Set(asked)).toEqual(
    new Set([hub.endpoint, hub.files].map((url) => new URL(url).host)),
  );
});

describe('wrong usage says what is right', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a name without organisation',
      ['analyze', 'hf://gpt2'],
      /an organisation and a name are needed/,
    ],
    [
      'another kind of address',
      ['analyze', 's3://bucket/model'],
      /read from disk, hf:\/\/org\/name and https/,
    ],
    ['--download of a path', ['analyze', demoModel, '--download'], /--download goes with hf:\/\//],
    [
      '--download without connection',
      ['analyze', 'hf://demo/model', '--download', '--offline'],
      /leave out --offline/,
    ],
    [
      '--offline with an address',
      ['analyze', 'https://x.org/a.safetensors', '--offline'],
      /needs a connection/,
    ],
    ['a model that is not there', ['plan', 'hf://demo/nowhere'], /there is no model demo\/nowhere/],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await alphalora(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

it('users of files on disk do not load what is for the network', async () => {
  const hook =
    'export async function resolve(name, context, next) {' +
    ' if (/huggingface|^undici|bullmq|ioredis|alphalora.(cluster|checkpoint.hub)/.test(name)) throw new Error("loads " + name);' +
    ' return next(name, context); }';
  const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(register)}`;
  const { code, stderr } = await alphaloraWith({ NODE_OPTIONS }, 'plan', demoModel, '-o', 'plan');
  expect(code, stderr).toBe(0);
  // The hook does what it is meant to.
  expect((await alphaloraWith({ NODE_OPTIONS }, 'inspect', 'hf://demo/model')).stderr).toContain(
    'loads',
  );
});
