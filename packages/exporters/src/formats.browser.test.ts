/** Every format gives in Chromium what it gives in Node. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  allocationOf,
  analysisOf,
  llamaLike,
  measuredRow,
  projectionAllocation,
} from '@alphalora/documents/testing';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { createViteServer } from 'vitest/node';
import { exportDocument, exporters } from './index.js';

const candidates = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
const reason = executablePath ? '' : ' (skipped: no Chromium; set CHROMIUM_PATH)';

const ranks = projectionAllocation(
  'rank',
  llamaLike.map(([name, block, rank]) => [name, block, Math.max(1, rank)]),
);
const questions = [
  ...exporters.names().map((format) => ({
    format,
    document: format === 'mola' ? allocationOf([2, 3]) : ranks,
  })),
  { format: 'csv', document: analysisOf([measuredRow('h.0.q_proj.weight', 2.5)]) },
];

it.skipIf(!executablePath)(`every format in Chromium${reason}`, async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const server = await createViteServer({
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    root,
    resolve: { conditions: ['@alphalora/source', 'module', 'browser', 'import', 'default'] },
    optimizeDeps: { noDiscovery: true },
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null, fs: { strict: false } },
  });
  server.middlewares.use('/blank', (_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>blank</title>');
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.config.server.port}/blank`);
    // Text, not a function: vitest rewrites imports in functions to its own.
    const found = await page.evaluate(`(async () => {
      const { exportDocument } = await import('/src/index.ts');
      const questions = ${JSON.stringify(questions)};
      return Promise.all(questions.map(({ document, format }) => exportDocument(document, format)));
    })()`);
    const expected = questions.map(({ document, format }) => exportDocument(document, format));
    expect(found).toEqual(await Promise.all(expected));
  } finally {
    await browser.close();
    await server.close();
  }
});
