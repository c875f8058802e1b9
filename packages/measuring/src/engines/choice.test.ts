/** The engine that is chosen, with the compiled one here, missing, or broken. */
import { AlphaLoraError } from '@alphalora/contracts';
import { createWasmEngine } from '@alphalora/spectra-wasm/node';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { native } from './native.js';

let chosenEngine: typeof import('./choice.js').chosenEngine;
let builds: readonly string[];
beforeEach(async () => {
  // What is found out once is found out anew.
  vi.resetModules();
  ({ chosenEngine, builds } = await import('./choice.js'));
});

const failing = (message: string, missing: boolean) => async () => ({
  name: 'native',
  singularValues: async () => new Float64Array(0),
  build: async () => {
    throw new AlphaLoraError('ENGINE_FAILED', message, { details: { missing } });
  },
});

/** The entry that the registry of the fresh modules has. */
async function withNative(load: typeof native.load): Promise<void> {
  const { native: fresh } = await import('./native.js');
  vi.spyOn(fresh, 'load').mockImplementation(load);
}

describe('where the compiled engine works', () => {
  beforeEach(() => withNative(async () => ({ ...createWasmEngine(), name: 'native' })));

  it('it is the default, with its reason', async () => {
    expect(await chosenEngine()).toEqual({
      engine: 'native',
      build: 'auto',
      why: 'it is installed and passes its self-test',
    });
  });

  it.each(['simd', 'relaxed'])('the build %s is that of wasm', async (build) => {
    expect(await chosenEngine({ build })).toMatchObject({ engine: 'wasm', build });
  });

  it('other machines that take part are no reason for it, unless it is asked for', async () => {
    const everywhere = true;
    expect(await chosenEngine({ everywhere })).toMatchObject({ engine: 'wasm', build: 'auto' });
    const engine = 'native';
    expect(await chosenEngine({ everywhere, engine })).toMatchObject({ engine });
    expect(await chosenEngine({ everywhere, build: 'avx2' })).toMatchObject({ engine });
  });

  it('one that is asked for is taken', async () => {
    for (const engine of ['wasm', 'ml-matrix']) {
      expect(await chosenEngine({ engine })).toMatchObject({ engine, build: 'auto' });
    }
  });
});

describe('where it is not installed', () => {
  beforeEach(() => withNative(failing('no native engine: x is not installed', true)));

  it('wasm is the default, and nobody is told', async () => {
    const choice = await chosenEngine();
    expect(choice).toMatchObject({ engine: 'wasm', build: 'auto' });
    expect(choice.note).toBeUndefined();
  });

  it.each([{ engine: 'native' }, { engine: 'native', build: 'avx2' }])(
    'wasm takes its place when it is asked for: %j',
    async (asked) => {
      expect(await chosenEngine(asked)).toMatchObject({
        engine: 'wasm',
        build: 'auto',
        note: 'no native engine: x is not installed: measured with wasm',
      });
    },
  );
});

it('one that is installed and fails is told of', async () => {
  await withNative(failing("build 'avx2' fails the self-test", false));
  expect(await chosenEngine()).toMatchObject({
    engine: 'wasm',
    note: "build 'avx2' fails the self-test: measured with wasm",
  });
});

it('what nobody has is refused by name', async () => {
  await expect(chosenEngine({ engine: 'wasn' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(chosenEngine({ build: 'sse' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: `unknown build "sse": use one of ${builds.join(', ')}`,
  });
  await expect(chosenEngine({ engine: 'native', build: 'simd' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining("unknown build 'simd' of the native engine"),
  });
});
