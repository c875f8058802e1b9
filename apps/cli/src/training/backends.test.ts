import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { describe, expect, it } from 'vitest';
import { type BackendSwitch, installedBackends, startBackend } from './backends.js';

/** TensorFlow.js as far as backends go: packages register them. */
function tensorFlow(...registered: string[]) {
  const known = new Set(['cpu', ...registered]);
  let current = 'none';
  const tf: BackendSwitch = {
    async setBackend(name) {
      if (!known.has(name)) throw new Error(`Backend name '${name}' not found in registry`);
      current = name;
      return true;
    },
    ready: async () => undefined,
    getBackend: () => current,
  };
  return { tf, known };
}

const missing = async (name: string): Promise<never> => {
  throw Object.assign(new Error(`Cannot find package '${name}' imported from x`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
};

describe('the backend', () => {
  it('is the fastest that is installed, and says what the faster ones miss', async () => {
    const { tf } = tensorFlow();
    const { name, passedOver } = await startBackend(tf, undefined, missing);
    expect(name).toBe('cpu');
    expect(passedOver.map((other) => other.name)).toEqual(['node-gpu', 'node', 'wasm']);
    expect(passedOver[0]!.reason).toBe(
      '@tensorflow/tfjs-node-gpu is not installed: npm install @tensorflow/tfjs-node-gpu',
    );
  });

  it('of a native package is registered by its import', async () => {
    const { tf, known } = tensorFlow();
    const started = await startBackend(tf, undefined, async (name) => {
      if (name !== '@tensorflow/tfjs-node') return missing(name);
      known.add('tensorflow');
      return {};
    });
    expect(started.name).toBe('node');
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('finds the functions that Node 23 took from node:util, which tfjs-node calls', async () => {
    const utilities = util as unknown as Record<string, unknown>;
    const { isNullOrUndefined, isArray } = utilities;
    try {
      delete utilities['isNullOrUndefined'];
      delete utilities['isArray'];
      const { tf } = tensorFlow('tensorflow');
      await startBackend(tf, 'node', async () => {
        const check = utilities['isNullOrUndefined'] as (value: unknown) => boolean;
        expect([check(null), check(undefined), check(0)]).toEqual([true, true, false]);
        expect((utilities['isArray'] as (value: unknown) => boolean)([])).toBe(true);
      });
    } finally {
      Object.assign(utilities, { isNullOrUndefined, isArray });
    }
  });

  it('of WebGPU is refused where it has no device, before its package is loaded', async () => {
    const { navigator } = globalThis;
    const gpu = { requestAdapter: async () => null };
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    try {
      const { tf } = tensorFlow('webgpu');
      await expect(startBackend(tf, 'webgpu', missing)).rejects.toThrow(/webgpu.*no adapter/);
      expect(tf.getBackend()).toBe('none');
    } finally {
      Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    }
  });

  // The words of tfjs-node 4.22 where its install script did not run.
  const unbuilt =
    'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/tfjs_binding.node. ' +
    '\nPlease run command npm rebuild';

  it.each([
    ['node', missing, /tfjs-node is not installed: npm install @tensorflow\/tfjs-node$/],
    [
      'node-gpu',
      () => Promise.reject(new Error(unbuilt)),
      /without its native library \(.*tfjs_binding.node.*\): npm rebuild .*approve-builds.* doctor --install-tensorflow --gpu$/,
    ],
    ['wasm', () => Promise.reject(new SyntaxError('odd')), /does not load \(odd\)/],
    ['node', async () => ({}), /cannot be used: Backend name 'tensorflow' not found/],
    ['webgpu', async () => ({}), /has no WebGPU/],
    ['abacus', async () => ({}), /choose one of cpu, wasm, node, node-gpu, webgpu/],
  ])(
    '%s that was asked for and does not start is an error with the mend',
    async (name, load, message) => {
      const { tf } = tensorFlow();
      const outcome = startBackend(tf, name, load as (name: string) => Promise<unknown>);
      await expect(outcome).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      });
    },
  );
});

describe('backends that are installed', () => {
  it('are those whose packages are found, with whether their library is there', () => {
    const found = installedBackends();
    const names = found.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['cpu', 'wasm', 'node']));
    expect(names).not.toContain('node-gpu');
    const folder = dirname(
      createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'),
    );
    const lib = join(folder, 'lib');
    const files = existsSync(lib) ? readdirSync(lib, { recursive: true }) : [];
    const isThere = files.some((file) => String(file).endsWith('tfjs_binding.node'));
    expect(found.find(({ name }) => name === 'node')!.complete).toBe(isThere);
    expect(found.find(({ name }) => name === 'wasm')!.complete).toBe(true);
  });
});
