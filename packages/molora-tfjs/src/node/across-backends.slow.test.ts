/**
 * Twenty steps of the same run on every backend: float32 is rounded in another order by each, so that
 * losses differ in their last digits, and more where a tie of a router falls otherwise.
 */
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect } from 'vitest';
import { type TestBackend, tensorflowLacks, useBackend } from '../test-support/backend.js';
import { fineTune } from './fine-tune.js';

const root = temporaryFolder('across-backends');
const experts = [1, 2, 3, 2, 1];
const allocation: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  policy: { name: 'by hand', version: '1', options: {} },
  budget: { unit: 'experts', total: 9 },
  blocks: experts.map((count, index) => ({
    ...{ index, score: 1, experts: count, topK: Math.min(2, count) },
  })),
  experts,
  topK: experts.map((count) => Math.min(2, count)),
};

async function losses(backend: TestBackend, router: string): Promise<number[]> {
  await useBackend(backend);
  const found: number[] = [];
  await fineTune({
    ...{ model: shared('data/stories260K'), allocation, router: { name: router }, cutoff: 64 },
    ...{ task: 'text', data: shared('data/tinyshakespeare/input.txt'), limit: 200 },
    training: { steps: 20, batchSize: 4, learningRate: 1e-3 },
    output: join(root, `${backend}-${router}`),
    onStep: ({ loss }) => void found.push(loss),
  });
  return found;
}

const known = new Map<string, Promise<number[]>>();
const onCpu = (router: string): Promise<number[]> => {
  const found = known.get(router) ?? losses('cpu', router);
  known.set(router, found);
  return found;
};

const lacks = await tensorflowLacks();
describeUnless(sharedLacks('data'), 'a run', () => {
  // A tie of top-k may send a token to another expert; a soft router has none.
  const cases = [
    ['soft', 'wasm', 1e-5],
    ['soft', 'tensorflow', 1e-5],
    ['top-k', 'wasm', 3e-3],
    ['top-k', 'tensorflow', 3e-3],
  ] as const;
  for (const [router, backend, tolerance] of cases) {
    const agrees = async (): Promise<void> => {
      const [expected, found] = [await onCpu(router), await losses(backend, router)];
      expect(found).toHaveLength(20);
      const worst = Math.max(...found.map((loss, i) => Math.abs(loss / expected[i]! - 1)));
      expect(worst).toBeLessThan(tolerance);
      expect(worst).toBeGreaterThan(0);
    };
    const title = `with the router ${router} has the losses of the cpu on ${backend}, within ${tolerance}`;
    itUnless(backend === 'tensorflow' ? lacks : undefined, title, agrees, 240_000);
  }
});
