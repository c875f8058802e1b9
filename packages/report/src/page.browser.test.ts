/** The page as people meet it: opened from disk, at the width of a phone and of a desk. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Resource } from '@alphalora/contracts';
import type { NamedScore } from '@alphalora/documents/comparison';
import {
  type Browser,
  type BrowserContextOptions,
  chromiumLacks,
  type Page,
  startChromium,
} from '@alphalora/testing/chromium';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import axe from 'axe-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderReport } from './render.js';
import { resourceOf } from './test-support/allocations.js';
import { allocationOf, analysisOf, scoresOf } from './test-support/documents.js';

/** With matrices of each warning in every block. */
function pageOf(blocks: number, unit?: Resource, scores?: NamedScore[]): string {
  const each = [1.6, 2.4, 3.1, 4.4, 5.2, 6.9, 11];
  const alphas = Array.from({ length: blocks * each.length }, (_, i) => each[i % each.length]!);
  const analysis = analysisOf({ blocks, size: 120, alphas });
  const allocation = unit ? resourceOf(analysis, unit, 'projection') : allocationOf(analysis);
  return renderReport({ analysis, allocation, scores });
}

describeUnless(chromiumLacks, 'in Chromium', () => {
  let browser: Browser;
  const folder = temporaryFolder('report');
  let deep: string;
  let shallow: string;
  let deepFactors: string;
  let shallowSparsity: string;

  beforeAll(async () => {
    const write = async (name: string, page: string): Promise<string> => {
      await writeFile(join(folder, name), page);
      return pathToFileURL(join(folder, name)).href;
    };
    // Wider than any screen here, and few enough for a check of every element; sparsity in all
    // seven colours.
    deep = await write('deep.html', pageOf(40, undefined, scoresOf(40)));
    shallow = await write('shallow.html', pageOf(3, undefined, scoresOf(3)));
    deepFactors = await write('deep-factors.html', pageOf(40, 'weight-decay'));
    shallowSparsity = await write('shallow-sparsity.html', pageOf(3, 'sparsity'));
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function opened(address: string, options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options);
    const tab = await context.newPage();
    await tab.goto(address);
    return tab;
  }
  const sized = (width: number): BrowserContextOptions => ({ viewport: { width, height: 800 } });
  const openAll = `for (const details of document.querySelectorAll('section > details, #all details'))
    details.open = true`;

  it.each([
    [390, 'experts'],
    [1280, 'experts'],
    [390, 'factors by projection'],
    [1280, 'factors by projection'],
  ])('fits %i pixels and says nothing on the console: %s', async (width, kind) => {
    const address = kind === 'experts' ? deep : deepFactors;
    const tab = await opened('about:blank', sized(width));
    const said: string[] = [];
    tab.on('console', (message) => said.push(message.text()));
    tab.on('pageerror', (error) => said.push(String(error)));
    tab.on('request', (request) => request.url() !== address && said.push(request.url()));
    await tab.goto(address);
    await tab.evaluate(openAll);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(said).toEqual([]);
    await tab.context().close();
  });

  it.each([
    ['light', 'experts', 'rgb(255, 255, 255)'],
    ['dark', 'experts', 'rgb(17, 21, 27)'],
    ['light', 'sparsity by projection', 'rgb(255, 255, 255)'],
    ['dark', 'sparsity by projection', 'rgb(17, 21, 27)'],
  ] as const)('has no barrier that axe knows, contrast included, in %s: %s', async (...given) => {
    const [scheme, kind, colour] = given;
    const tab = await opened(kind === 'experts' ? shallow : shallowSparsity, {
      ...sized(1280),
      colorScheme: scheme,
    });
    expect(await tab.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(colour);
    await tab.evaluate(openAll);
    await tab.evaluate(axe.source);
    const violations = await tab.evaluate(`axe.run({ resultTypes: ['violations'] }).then(
      ({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].failureSummary]))`);
    expect(violations).toEqual([]);
    await tab.context().close();
  });

  it('sorts and filters from the keyboard', async () => {
    const tab = await opened(deep, sized(1280));
    const alphasShown = async (): Promise<number[]> => {
      const texts = await tab
        .locator('#all tbody:not([hidden]) tr:first-child b')
        .allTextContents();
      return texts.map(Number);
    };
    const header = tab.locator('#all thead th', { hasText: 'Alpha' }).first();
    await header.locator('button').focus();
    await tab.keyboard.press('Enter');
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    const ascending = await alphasShown();
    expect(ascending).toHaveLength(280);
    expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
    await tab.keyboard.press('Space');
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    expect(await alphasShown()).toEqual(ascending.toReversed());

    await tab.getByLabel('Name').fill('layers.7.');
    expect(await alphasShown()).toHaveLength(7);
    await tab.locator('select').selectOption('up_proj');
    expect(await alphasShown()).toHaveLength(1);
    expect(await tab.locator('output').textContent()).toBe('1 of 280 shown');
    await tab.context().close();
  });

  it('opens the details of a row from the keyboard, and draws them', async () => {
    const tab = await opened(shallow, { ...sized(1280), javaScriptEnabled: false });
    const row = tab.locator('#all tbody').first();
    await row.locator('summary').focus();
    await tab.keyboard.press('Enter');
    const charts = row.locator('.charts svg');
    expect(await charts.count()).toBe(3);
    for (const chart of await charts.all()) {
      const { width, height } = (await chart.boundingBox())!;
      expect(width).toBeGreaterThan(250);
      expect(height).toBeGreaterThan(120);
    }
    await tab.context().close();
  });

  it('prints in light colours, without controls', async () => {
    const tab = await opened(shallow, { ...sized(1280), colorScheme: 'dark' });
    await tab.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await tab.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    );
    expect(await tab.locator('.filter').isVisible()).toBe(false);
    await tab.context().close();
  });
});
