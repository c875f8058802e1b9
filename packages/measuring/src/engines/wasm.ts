/** The fast engine, in WebAssembly; its estimates need none of it. */
import { defined } from '@alphalora/contracts';
import type { EngineEntry } from '@alphalora/contracts/extensions';
import { type Build, memoryEstimate, workEstimate } from '@alphalora/spectra-wasm';

export const wasm: EngineEntry = {
  load: async (build, maxMemory) =>
    (await import('@alphalora/spectra-wasm/node')).createWasmEngine({
      build: build as 'auto' | Build,
      ...defined({ maxMemory }),
    }),
  memory: memoryEstimate,
  work: workEstimate,
};
