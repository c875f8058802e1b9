import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { allocate, layersFromScores } from '@alphalora/allocator';
import { describePolicy } from '@alphalora/allocator/testing';
import softmax from './index.js';

describePolicy(softmax, { describe, it });

describe('softmax', () => {
  // exp(ln 2) = 2 times as much per step of ln 2 at temperature 1, 4 times at 1/2.
  const layers = layersFromScores([2, 2 + Math.log(2)]);

  for (const [temperature, experts] of [
    [1, [10, 20]],
    [0.5, [6, 24]],
  ] as const) {
    it(`gives ${experts} of 30 at temperature ${temperature}`, async () => {
      const allocation = await allocate({
        layers,
        policy: softmax,
        options: { temperature },
        budget: { total: 30 },
      });
      assert.deepEqual(allocation.experts, experts);
    });
  }

  it('has the version of its package', () => {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    assert.equal(softmax.version, JSON.parse(manifest).version);
  });

  it('refuses a temperature of 0', async () => {
    const request = { layers, policy: softmax, options: { temperature: 0 }, budget: { total: 30 } };
    await assert.rejects(allocate(request), /policy softmax, option temperature/);
  });
});
