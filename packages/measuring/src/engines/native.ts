/** The same engine in compiled code, where a binary for this platform is installed; its estimates need none. */
import { defined } from '@alphalora/contracts';
import type { EngineEntry } from '@alphalora/contracts/extensions';
import {
  createNativeEngine,
  type InstructionSet,
  nativeMemoryEstimate,
  nativeWorkEstimate,
} from '@alphalora/spectra-native';

export const native: EngineEntry = {
  load: async (build, maxMemory) =>
    createNativeEngine({ build: build as 'auto' | InstructionSet, ...defined({ maxMemory }) }),
  memory: nativeMemoryEstimate,
  work: nativeWorkEstimate,
};
