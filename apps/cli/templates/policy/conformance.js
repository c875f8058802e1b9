import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allocate, layersFromScores } from '@alphalora/allocator';
import { describePolicy } from '@alphalora/allocator/testing';
import policy from './index.js';

// What every policy owes its users.
describePolicy(policy, { describe, it });

// What this one is about, with numbers worked out by hand: put an example of your paper here.
describe('policy-name', () => {
  it('gives 28 experts to scores 1, 2 and 3 as their squares', async () => {
    const layers = layersFromScores([1, 2, 3]);
    const { experts } = await allocate({ layers, policy, budget: { total: 28 } });
    // 28 / (1 + 4 + 9) = 2, so 2 * 1, 2 * 4 and 2 * 9.
    assert.deepEqual(experts, [2, 8, 18]);
  });

  it('gives all layers the same when the power is 0', async () => {
    const layers = layersFromScores([1, 2, 3]);
    const { experts } = await allocate({
      layers,
      policy,
      options: { power: 0 },
      budget: { total: 9 },
    });
    assert.deepEqual(experts, [3, 3, 3]);
  });
});
