/** Settings that every package's vitest.config.ts starts from: tests read the sources, not the build. */
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const sourceConditions = ['@alphalora/source', 'module', 'node', 'import', 'default'];

export function projectConfig(name: string): ViteUserConfig {
  return defineConfig({
    resolve: { conditions: sourceConditions },
    ssr: { resolve: { conditions: sourceConditions } },
    test: {
      name,
      include: ['src/**/*.test.ts'],
      environment: 'node',
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  });
}
