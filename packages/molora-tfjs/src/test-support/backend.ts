/** The backend of a test file. It is process-global: one backend a file. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

export type TestBackend = 'cpu' | 'wasm';

/** For `beforeAll`: makes `name` the backend, and fails where it is not. */
export async function useBackend(name: TestBackend): Promise<void> {
  if (name === 'wasm') {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(entry)}/`);
  }
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`the backend is ${tf.getBackend()}, not ${name}`);
}

/**
 * Makes tfjs-node the backend where it is installed; it is no dependency of this repository.
 *
 * @returns why it could not be started; undefined where it runs
 */
export async function startTfjsNode(): Promise<string | undefined> {
  // tfjs-node 4.22 calls functions that Node 23 removed.
  const utilities = util as unknown as Record<string, unknown>;
  utilities['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  utilities['isArray'] ??= Array.isArray;
  try {
    // In a variable, as neither TypeScript nor Vite is to look for it.
    const name = '@tensorflow/tfjs-node';
    await import(/* @vite-ignore */ name);
    return (await tf.setBackend('tensorflow')) ? undefined : 'tfjs-node does not start';
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    return `no tfjs-node: ${line}`;
  }
}
