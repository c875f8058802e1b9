import { projectConfig } from '../vitest.shared.js';

const config = projectConfig('repository');
config.test!.include = ['**/*.test.ts'];
export default config;
