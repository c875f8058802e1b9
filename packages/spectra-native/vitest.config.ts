import { mergeConfig } from 'vitest/config';
import { projectConfig } from '../../vitest.shared.js';

export default mergeConfig(projectConfig('spectra-native'), {
  // The engine that this one is compared with.
  test: { globalSetup: ['../spectra-wasm/scripts/before-tests.mjs'] },
});
