/** Training on WebGPU, in Chromium on a device in software: right, or refused. */
import { fileURLToPath } from 'node:url';
import { chromiumLacks, openSourcePage, type SourcePage } from '@alphalora/testing/chromium';
import { describeUnless } from '@alphalora/testing/lacking';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type * as Page from '../test-support/webgpu-page.js';

/** A device in software compiles each of some hundred shaders in its own time. */
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describeUnless(chromiumLacks, 'WebGPU in Chromium', () => {
  let source: SourcePage;
  beforeAll(async () => {
    source = await openSourcePage(fileURLToPath(new URL('../..', import.meta.url)), {
      webgpu: true,
      bundled: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', 'valibot'],
    });
  });
  afterAll(() => source?.close());

  // Text, not a function: vitest rewrites imports in functions to its own.
  function inPage<Name extends keyof typeof Page>(
    name: Name,
    ...given: Parameters<(typeof Page)[Name]>
  ): ReturnType<(typeof Page)[Name]> {
    const call = `page.${name}(...${JSON.stringify(given)})`;
    return source.page.evaluate(
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

  it('takes the steps that the cpu takes in a mixture, whose experts all compute here', async () => {
    const router = { name: 'top-k', options: {} };
    const model = { family: 'mixtral', balanced: false } as const;
    const found = await inPage('adapterSteps', 'webgpu', router, model);
    expectSame(found, await inPage('adapterSteps', 'cpu', router, model));
    await expect(inPage('adapterSteps', 'webgpu', router, { family: 'mixtral' })).rejects.toThrow(
      'the loss of routers at the experts of a mixture',
    );
  });

  it('grows the ranks that the cpu grows on the experts of a mixture', async () => {
    const found = await inPage('ranksOfExperts', 'webgpu');
    expect(found).toEqual(await inPage('ranksOfExperts', 'cpu'));
    expect(new Set(Object.values(found).flat()).size).toBeGreaterThan(1);
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
