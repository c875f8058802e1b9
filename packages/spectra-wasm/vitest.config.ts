import { mergeConfig } from 'vitest/config';
import { projectConfig } from '../../vitest.shared.js';

export default mergeConfig(projectConfig('spectra-wasm'), {
  test: { globalSetup: ['./scripts/before-tests.mjs'] },
});
