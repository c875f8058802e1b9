import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createViteServer } from 'vitest/node';
import { createWasmEngine } from './index.js';
import { matrixOf, randomValues } from './test-support/matrices.js';

const candidates = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
const reason = executablePath ? '' : ' (skipped: no Chromium; set CHROMIUM_PATH)';

describe.skipIf(!executablePath)(`in Chromium${reason}`, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof createViteServer>>;

  beforeAll(async () => {
    server = await createViteServer({
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      root: fileURLToPath(new URL('..', import.meta.url)),
      resolve: { conditions: ['@alphalora/source', 'module', 'browser', 'import', 'default'] },
      optimizeDeps: { noDiscovery: true },
      server: { port: 0, host: '127.0.0.1', hmr: false, watch: null, fs: { strict: false } },
    });
    server.middlewares.use('/blank', (_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>blank</title>');
    });
    await server.listen();
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each([
    ['simd', 150, 210, 'f64'],
    ['simd', 210, 150, 'f64'],
    ['simd', 300, 300, 'f32'],
    ['auto', 300, 300, 'f64'],
  ] as const)(
    'build %s finds for %i x %i in %s what Node finds',
    async (build, rows, columns, precision) => {
      const values = randomValues(rows * columns, rows);
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.config.server.port}/blank`);
      // Text, not a function: vitest rewrites imports in functions to its own.
      const found = (await page.evaluate(`(async () => {
      const { createWasmEngine } = await import('/src/index.ts');
      const data = Float64Array.from(${JSON.stringify([...values])});
      const engine = createWasmEngine({ build: '${build}' });
      const values = await engine.singularValues({
        name: 'w', rows: ${rows}, columns: ${columns}, dtype: 'F64',
        read: async (start, end) => data.slice(start * ${columns}, end * ${columns}),
      }, { precision: '${precision}' });
      return [...values];
    })()`)) as number[];
      const expected = await createWasmEngine({ build }).singularValues(
        matrixOf(rows, columns, values),
        { precision },
      );
      if (build === 'simd') expect(found).toEqual([...expected]);
      // Fused multiply-add rounds differently.
      for (const [i, value] of found.entries()) {
        expect(Math.abs(value ** 2 - expected[i]! ** 2)).toBeLessThan(1e-13 * expected[0]! ** 2);
      }
    },
  );
});
