/** Chromium without a window, and a page in it that imports a package's sources. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createViteServer } from 'vitest/node';
import type { Lack } from './lacking.js';

/** For options of pages. */
export type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const executablePath = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

export const chromiumLacks: Lack = executablePath ? undefined : 'no Chromium; set CHROMIUM_PATH';

/** @param webgpu whether pages have WebGPU, on a device in software */
export async function startChromium({ webgpu = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath!,
    args: [
      ...['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
      ...(webgpu
        ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
        : ['--disable-gpu']),
    ],
  });
}

export interface SourcePage {
  /** Blank, and of the server's origin: text evaluated in it may `import('/src/index.ts')`. */
  page: Page;
  close(): Promise<void>;
}

/**
 * @param root folder of the package
 * @param bundled its dependencies that no browser can load as they are
 */
export async function openSourcePage(
  root: string,
  { webgpu = false, bundled = [] as string[] } = {},
): Promise<SourcePage> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'alphalora-vite-'));
  const server = await createViteServer({
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    root,
    cacheDir,
    resolve: { conditions: ['@alphalora/source', 'module', 'browser', 'import', 'default'] },
    optimizeDeps: { noDiscovery: true, include: bundled },
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null, fs: { strict: false } },
  });
  server.middlewares.use('/blank', (_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>blank</title>');
  });
  await server.listen();
  const browser = await startChromium({ webgpu });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.config.server.port}/blank`);
  return {
    page,
    async close() {
      await browser.close();
      await server.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}
