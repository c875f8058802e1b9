/**
 * The spectral engines by name, the fastest first: read by the thread that settles what is measured, by those that
 * measure, and by the memory gate. A further one is a file and a line here.
 */
import {
  createReadyRegistry,
  type EngineEntry,
  type ReadyRegistry,
} from '@alphalora/contracts/extensions';
import { mlMatrix } from './ml-matrix.js';
import { native } from './native.js';
import { wasm } from './wasm.js';

export const engines: ReadyRegistry<EngineEntry> = createReadyRegistry<EngineEntry>('engine', {
  native: () => native,
  wasm: () => wasm,
  'ml-matrix': () => mlMatrix,
});
