/** The reference engine: exact, slow, and without a build of its own. */
import type { EngineEntry } from '@alphalora/contracts/extensions';

export const mlMatrix: EngineEntry = {
  load: async () => (await import('@alphalora/htsr-core')).createReferenceEngine(),
  // The decoded values, the copy by lines, and the copy inside the decomposition.
  memory: ({ rows, columns }) => 24 * rows * columns,
};
