import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { batchedProduct } from './batched-product.js';
import { isVariable, keepingTape, knownVersion } from './tensorflow-internals.js';

beforeAll(() => useBackend('wasm'));

describe('the inside of TensorFlow.js', () => {
  // Another version: read what changed of all that this file uses, run the tests of every backend
  // and the benchmarks, then raise knownVersion.
  it.each(['tfjs', 'tfjs-backend-wasm', 'tfjs-backend-webgpu'])(
    'is that of the %s here',
    (name) => {
      const manifest = createRequire(import.meta.url).resolve(`@tensorflow/${name}/package.json`);
      expect(JSON.parse(readFileSync(manifest, 'utf8')).version).toBe(knownVersion);
    },
  );

  it('is reached into by this file alone', () => {
    const source = fileURLToPath(new URL('..', import.meta.url));
    const inside = /backend\(\) as|engine\(\)\.state|activeTape|registeredVariables|dataIdMap/;
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^test-support/.test(file))
      .filter((file) => inside.test(readFileSync(join(source, file), 'utf8')));
    expect(files).toEqual([join('ops', 'tensorflow-internals.ts')]);
  });
});

describe('a version of another inside', () => {
  // First of all: what was found out about a backend is kept.
  it('multiplies with the library on WebAssembly', () => {
    const { wasm } = tf.backend() as unknown as { wasm: { cwrap: unknown } };
    const { cwrap } = wasm;
    // Only used while a backend is set up.
    wasm.cwrap = undefined;
    try {
      const product = tf.tidy(() =>
        batchedProduct(tf.tensor3d([1, 2, 3, 4], [2, 1, 2]), tf.ones([2, 2, 1])).arraySync(),
      );
      expect(product).toEqual([[[3]], [[7]]]);
      expect(tf.getKernel('MoloraBatchedProduct', 'wasm')).toBeUndefined();
    } finally {
      wasm.cwrap = cwrap;
    }
  });

  it('ends where its tape is not found, rather than with wrong gradients', () => {
    // There is none outside of a backward pass.
    const failed = expect.toSatisfy(
      (error) => isAlphaLoraError(error, 'ENGINE_FAILED') && error.message.includes(knownVersion),
    );
    expect(() => keepingTape(() => 1)).toThrow(failed);
  });
});

it('knows the names of variables', () => {
  const variable = tf.variable(tf.scalar(1), true, 'one of a kind');
  expect([isVariable('one of a kind'), isVariable('another')]).toEqual([true, false]);
  variable.dispose();
  expect(isVariable('one of a kind')).toBe(false);
});
