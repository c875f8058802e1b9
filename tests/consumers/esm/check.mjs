/** A user's ES modules: from a checkpoint to an allocation with the libraries alone. */
import assert from 'node:assert/strict';
import { allocate, layersOf, loadPolicy } from '@alphalora/allocator';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { isAlphaLoraError } from '@alphalora/contracts';
import { analyze, createReferenceEngine, loadEstimator } from '@alphalora/htsr-core';

const checkpoint = await openCheckpoint(process.argv[2]);
const analysis = await analyze(checkpoint.tensors, {
  engine: createReferenceEngine(),
  estimator: await loadEstimator('fix-finger'),
  model: { source: checkpoint.source, blocks: checkpoint.blocks },
  tool: { name: 'consumer', version: '1.0.0' },
});
const layers = layersOf(analysis);
const { experts } = allocate({ layers, policy: await loadPolicy('alphalora'), total: 40 });
assert.equal(experts.length, 8);
assert.equal(
  experts.reduce((sum, count) => sum + count, 0),
  40,
);
// The block that was planted with the largest alpha gets the most experts.
assert.equal(experts.indexOf(Math.max(...experts)), 6);

await assert.rejects(loadEstimator('guess'), (error) => isAlphaLoraError(error, 'INVALID_OPTION'));
