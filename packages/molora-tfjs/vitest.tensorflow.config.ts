import { projectConfig } from '../../vitest.shared.js';
import { tensorflowLacks } from './src/test-support/backend.js';

/** What holds on every backend, on libtensorflow where it is installed; elsewhere one test says what is lacking. */
const config = projectConfig('molora-tfjs-tensorflow');
const lacks = await tensorflowLacks();
config.test!.include = [
  lacks ? 'src/test-support/tensorflow-lacks.ts' : 'src/**/*.backends{,.slow}.test.ts',
];
config.test!.provide = { backend: 'tensorflow' };
export default config;
