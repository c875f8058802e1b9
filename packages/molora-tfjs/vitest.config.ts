import { projectConfig } from '../../vitest.shared.js';

const config = projectConfig('molora-tfjs');
// Of `*.backends.test.ts` and `*.backends.slow.test.ts`, which vitest.wasm.config.ts and vitest.tensorflow.config.ts run again.
config.test!.provide = { backend: 'cpu' };
export default config;
