import { projectConfig } from '../../vitest.shared.js';

/** What holds on every backend, on WebAssembly. */
const config = projectConfig('molora-tfjs-wasm');
config.test!.include = ['src/**/*.backends{,.slow}.test.ts'];
config.test!.provide = { backend: 'wasm' };
export default config;
