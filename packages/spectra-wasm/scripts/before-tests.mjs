/** vitest's global setup: tests read the sources, but the WebAssembly must be compiled. */
import { buildWasm } from './build-wasm.mjs';

export async function setup() {
  await buildWasm({ onlyIfOutdated: true });
}
