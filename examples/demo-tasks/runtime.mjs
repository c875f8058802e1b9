/**
 * What the programs beside this file need of the workspace, from its build (`pnpm build`), with the
 * WebAssembly backend of TensorFlow.js set up.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

const packages = new URL('../../packages/', import.meta.url);
const peers = createRequire(new URL('molora-tfjs/package.json', packages));
const load = (path) => import(new URL(path, packages).href);

/** The same copy that the packages import: a second one would have a backend of its own. */
export const tf = (await import(pathToFileURL(peers.resolve('@tensorflow/tfjs')).href)).default;
const wasm = peers.resolve('@tensorflow/tfjs-backend-wasm');
const { setWasmPaths } = (await import(pathToFileURL(wasm).href)).default;
setWasmPaths(`${dirname(wasm)}/`);
await tf.setBackend('wasm');
await tf.ready();

export const checkpoints = await load('checkpoint/dist/index.js');
export const molora = {
  ...(await load('molora-tfjs/dist/index.js')),
  ...(await load('molora-tfjs/dist/decoder/index.js')),
  ...(await load('molora-tfjs/dist/training/index.js')),
};
export const moloraNode = await load('molora-tfjs/dist/node/index.js');
export const spectra = await load('htsr-core/dist/index.js');
