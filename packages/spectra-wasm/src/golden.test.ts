import { describe, it } from 'vitest';
import { createWasmEngine } from './index.js';
import { absent, expectSpectra } from './test-support/shared.js';

describe.skipIf(absent)(`real checkpoints against float64 SVDs${absent}`, () => {
  const engine = createWasmEngine();
  it.each(['stories260K', 'babyllama-tok361'])('%s', (folder) => expectSpectra(engine, folder));
});
