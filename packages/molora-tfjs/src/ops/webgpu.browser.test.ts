/** Training on WebGPU, in Chromium on a device in software: right, or refused. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createViteServer } from 'vitest/node';
import type * as Page from '../test-support/webgpu-page.js';

const candidates = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
const reason = executablePath ? '' : ' (skipped: no Chromium; set CHROMIUM_PATH)';
/** A device in software compiles each of some hundred shaders in its own time. */
const LONG = 600_000;

describe.skipIf(!executablePath)(`WebGPU in Chromium${reason}`, { timeout: LONG }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof createViteServer>>;
  let cacheDir: string;
  let tab: Tab;

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'alphalora-webgpu-'));
    server = await createViteServer({
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      cacheDir,
      root: fileURLToPath(new URL('../..', import.meta.url)),
      resolve: { conditions: ['@alphalora/source', 'module', 'browser', 'import', 'default'] },
      optimizeDeps: {
        noDiscovery: true,
        include: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', 'valibot'],
      },
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
        ...['--headless', '--no-sandbox', '--disable-quic', '--no-first-run'],
        ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${server.config.server.port}/blank`);
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (cacheDir) await rm(cacheDir, { recursive: true, force: true });
  });

  // Text, not a function: vitest rewrites imports in functions to its own.
  function inPage<Name extends keyof typeof Page>(
    name: Name,
    ...given: Parameters<(typeof Page)[Name]>
  ): ReturnType<(typeof Page)[Name]> {
    const call = `page.${name}(...${JSON.stringify(given)})`;
    return tab.evaluate(
      `import('/src/test-support/webgpu-page.ts').then((page) => ${call})`,
    ) as ReturnType<(typeof Page)[Name]>;
  }

  function expectSame(found: Page.Outcome, expected: Page.Outcome): void {
    expect(found.losses).toHaveLength(3);
    const numbers = ({ losses, norms, evaluated }: Page.Outcome) => [
      ...losses,
      ...norms,
      evaluated,
    ];
    for (const [i, value] of numbers(found).entries()) {
      const right = numbers(expected)[i]!;
      expect(right).toBeGreaterThan(0);
      expect(Math.abs(value - right) / right).toBeLessThan(1e-4);
    }
    expect(found.losses[2]!).toBeLessThan(found.losses[0]!);
  }

  it.each<Page.Router>([
    { name: 'top-k', options: {} },
    { name: 'adaptive-shared', options: { shared: 1 } },
    { name: 'entropy', options: {} },
  ])('takes the steps that the cpu takes, with the router $name', async (router) => {
    const found = await inPage('adapterSteps', 'webgpu', router);
    expectSame(found, await inPage('adapterSteps', 'cpu', router));
  });

  it('takes the steps that the cpu takes where the whole model learns', async () => {
    const found = await inPage('wholeModelSteps', 'webgpu');
    expectSame(found, await inPage('wholeModelSteps', 'cpu'));
  });

  it.each([
    ['invalid', /WebGPU device reported an error.*WGSL/],
    ['lost', /WebGPU device reported an error.*the device was lost/],
  ] as const)('ends a run whose device is %s, and saves nothing', async (failure, message) => {
    const outcome = await inPage('failingRun', failure);
    expect(outcome).toEqual({
      code: 'ENGINE_FAILED',
      saved: [],
      message: expect.stringMatching(message),
    });
  });
});
