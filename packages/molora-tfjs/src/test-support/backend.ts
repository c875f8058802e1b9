/**
 * The backend of a test file. It is process-global: one backend a file.
 *
 * `*.backends.test.ts` and `*.backends.slow.test.ts` run once in each of the package's vitest projects, which names its backend.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Lack } from '@alphalora/testing/lacking';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { prepareTfjsNode } from '../node/tfjs-node.js';

export type TestBackend = 'cpu' | 'wasm' | 'tensorflow';

declare module 'vitest' {
  interface ProvidedContext {
    backend: TestBackend;
  }
}

/** For `beforeAll`: makes `name` the backend, and fails where it is not. */
export async function useBackend(name: TestBackend): Promise<void> {
  if (name === 'wasm') {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(entry)}/`);
  }
  if (name === 'tensorflow') await registerTfjsNode();
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`the backend is ${tf.getBackend()}, not ${name}`);
}

/** Why tfjs-node does not compute here; its native library is no part of its package. */
export async function tensorflowLacks(): Promise<Lack> {
  try {
    await registerTfjsNode();
    return undefined;
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    return `${line} Run alphalora doctor --install-tensorflow`;
  }
}

async function registerTfjsNode(): Promise<void> {
  prepareTfjsNode();
  await import('@tensorflow/tfjs-node');
}
