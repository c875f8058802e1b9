import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'tests'],
    coverage: { include: ['packages/*/src/**', 'apps/*/src/**'], exclude: ['**/*.test.ts'] },
  },
});
