/** Where the binary is looked for, and what is said when it is not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { describe, expect, it } from 'vitest';
import {
  type Binding,
  firstThatLoads,
  instructionSets,
  loadBinding,
  platformPackages,
} from './binding.js';
import { geometry as said } from './geometry.js';
import { createNativeEngine } from './index.js';
import { nativeCandidate } from './instance.js';
import { nativeLacks, setsHere } from './test-support/here.js';

const missing = (path: string): never => {
  throw Object.assign(new Error(`Cannot find module '${path}'`), { code: 'MODULE_NOT_FOUND' });
};
const binding = { instructionSets: () => [], Stages: class {} } as unknown as Binding;

describe('the binary', () => {
  it('is the one that was built here, else that of the package for the platform', () => {
    const asked: string[] = [];
    const only = (name: string) => (path: string) => {
      asked.push(path);
      return path === name ? binding : missing(path);
    };
    const musl = '@alphalora/spectra-native-linux-x64-musl';
    expect(firstThatLoads('linux-x64', only(musl))).toBe(binding);
    expect(asked).toEqual([
      '../build/spectra-native.node',
      '@alphalora/spectra-native-linux-x64-gnu',
      musl,
    ]);
  });

  it.each([
    ['win32-x64', 'no native engine: @alphalora/spectra-native-win32-x64-msvc is not installed'],
    ['aix-ppc64', 'no native engine: there is none for aix-ppc64'],
  ])('is missing on %s: %s', (platform, message) => {
    expect(() => firstThatLoads(platform, missing)).toThrow(
      expect.objectContaining({ code: 'ENGINE_FAILED', message, details: { missing: true } }),
    );
  });

  it('that does not load is no missing one', () => {
    const broken = (path: string): never => {
      if (path.startsWith('..')) missing(path);
      throw new Error('GLIBC_2.99 not found');
    };
    expect(() => firstThatLoads('darwin-arm64', broken)).toThrow(
      expect.objectContaining({
        message: 'no native engine: @alphalora/spectra-native-darwin-arm64 does not load',
        details: { missing: false },
      }),
    );
  });
});

it('options are checked before anything loads', () => {
  // @ts-expect-error: what a user of plain JavaScript may write
  expect(() => createNativeEngine({ build: 'sse' })).toThrow("unknown build 'sse'");
  for (const threads of [0, 1.5, 257, Number.NaN]) {
    expect(() => createNativeEngine({ threads })).toThrow('threads must be 1 to 256');
  }
});

it('platforms are those that binaries are made for', async () => {
  const { platforms } = await import(new URL('../scripts/platforms.mjs', import.meta.url).href);
  const made = Object.entries<{ os: string; cpu: string }>(platforms);
  for (const [name, { os, cpu }] of made) {
    expect(platformPackages[`${os}-${cpu}`]).toContain(name);
  }
  expect(Object.values(platformPackages).flat().sort()).toEqual(made.map(([name]) => name).sort());
});

it('instruction sets are those of the compiled code', () => {
  const rust = readFileSync(new URL('../core/src/sets.rs', import.meta.url), 'utf8');
  const names = [...rust.matchAll(/Set::\w+ => "(\w+)"/g)].map(([, name]) => name);
  expect(names).toEqual([...instructionSets]);
  // Stages are all that JavaScript is told of.
  expect(readdirSync(new URL('../addon/src', import.meta.url))).toEqual(['lib.rs']);
});

describeUnless(nativeLacks, 'compiled stages', () => {
  it('take the memory that they are said to take', async () => {
    for (const set of setsHere()) {
      const { geometry } = await nativeCandidate(loadBinding(), set).instantiate();
      const { panelBytes, ...others } = said;
      expect(geometry).toMatchObject(others);
      expect(geometry.panelBytes).toBeLessThanOrEqual(panelBytes);
    }
  });

  it('refuse what lies outside of the memory', async () => {
    const { exports } = await nativeCandidate(loadBinding(), setsHere()[0]!).instantiate();
    expect(() => exports.reducePanelF64(128, 0, 1e9, 0, 0)).toThrow(
      'no area of 131072 bytes at address 1000000000 of the memory',
    );
    expect(() => exports.largest(0, 65_532, 2)).toThrow('no area of 8 bytes at address 65532');
    expect(() => exports.largest(0, -1e300, 1e300)).toThrow('no area');
  });
});
