/** The native half of tfjs-node: compiled from the source in its package, and tried. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AlphaLoraError } from '@alphalora/contracts';
import { BINDING } from '../../../training/backends.js';
import type { RunProgram } from './programs.js';

/** Version of Node's stable binary interface that tfjs-node 4.22 is written for. */
const NODE_API = 8;

interface BindingOptions {
  readonly run: RunProgram;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compiles the binding against a libtensorflow below the package's folder, so that the folder may move.
 *
 * @param packageFolder of tfjs-node
 * @throws AlphaLoraError `ENGINE_FAILED` when the compiler fails
 */
export async function compileBinding(
  packageFolder: string,
  { run, signal }: BindingOptions,
): Promise<void> {
  const target = join(packageFolder, BINDING);
  const partial = `${target}.partial`;
  const { resolve } = createRequire(import.meta.url);
  const headers = join(dirname(resolve('node-api-headers/package.json')), 'include');
  const tensorflow = join(packageFolder, 'deps', 'site-packages', 'tensorflow');
  const source = join(packageFolder, 'binding');
  await mkdir(dirname(target), { recursive: true });
  try {
    const args = [
      ...['-O2', '-std=c++17', '-shared', '-fPIC', `-DNAPI_VERSION=${NODE_API}`],
      ...[headers, join(tensorflow, 'include'), packageFolder].map((folder) => `-I${folder}`),
      ...[join(source, 'tfjs_backend.cc'), join(source, 'tfjs_binding.cc'), '-o', partial],
      ...[`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
      '-Wl,-rpath,$ORIGIN/../../deps/site-packages/tensorflow',
    ];
    await run('g++', args, { signal });
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

/** A product whose four numbers are known, in a process of its own: a library may end the one it is in. */
const trial = `
const [preparation, folder] = process.argv.slice(1);
import(preparation).then(({ prepareTfjsNode }) => {
  prepareTfjsNode();
  const tf = require(folder);
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2]));
  console.log(JSON.stringify({ backend: tf.getBackend(), version: tf.backend().binding.TF_Version, product: [...product.dataSync()] }));
});
`;

/**
 * @param packageFolder of tfjs-node
 * @returns the version of TensorFlow that computes
 * @throws AlphaLoraError `ENGINE_FAILED` when it does not load, or computes wrongly
 */
export async function tryBinding(
  packageFolder: string,
  { run, signal }: BindingOptions,
): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const preparation = pathToFileURL(resolve('@alphalora/molora-tfjs/tfjs-node')).href;
  const args = ['-e', trial, preparation, packageFolder];
  const output = await run(process.execPath, args, { signal });
  const { backend, version, product } = JSON.parse(output.trim().split('\n').at(-1)!) as {
    backend: string;
    version: string;
    product: number[];
  };
  if (backend === 'tensorflow' && String(product) === '4,5,10,11') return version;
  throw new AlphaLoraError(
    'ENGINE_FAILED',
    `TensorFlow loads but computes wrongly on the backend ${backend}: ${product.join(', ')} in place of 4, 5, 10, 11`,
  );
}
