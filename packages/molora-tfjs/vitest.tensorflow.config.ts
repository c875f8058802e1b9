import { projectConfig } from '../../vitest.shared.js';

/** Experts, routers and masks on libtensorflow, which mixes no types where the other backends do. */
const config = projectConfig('molora-tfjs-tensorflow');
config.test!.include = ['src/experts/{adapted-projection,routers/mask}.backends.test.ts'];
config.test!.provide = { backend: 'tensorflow' };
export default config;
