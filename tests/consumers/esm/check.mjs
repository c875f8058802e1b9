/** A user's ES modules: from a checkpoint to an allocation with the libraries alone. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { allocate, layersOf, policies } from '@alphalora/allocator';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { isAlphaLoraError } from '@alphalora/contracts';
import { parseAllocation, parseAnalysis, summaryOf } from '@alphalora/documents';
import { compareAllocations } from '@alphalora/documents/comparison';
import { exportDocument } from '@alphalora/exporters';
import { analyze, createReferenceEngine, estimators, spectralUnits } from '@alphalora/htsr-core';
import { analyzeModel, createPool, openModel } from '@alphalora/measuring';
import { evaluateModel, fineTune } from '@alphalora/molora-tfjs/node';
import { openPlugins } from '@alphalora/plugins';
import { renderReport } from '@alphalora/report';
import { createWasmEngine } from '@alphalora/spectra-wasm/node';

async function measure(engine) {
  const checkpoint = await openCheckpoint(process.argv[2]);
  try {
    return await analyze(checkpoint.tensors, {
      engine,
      estimator: await estimators.load('fix-finger'),
      model: { source: 'demo', blocks: checkpoint.blocks },
      tool: { name: 'consumer', version: '1.0.0' },
    });
  } finally {
    await checkpoint.close();
    await engine.close?.();
  }
}

const analysis = await measure(createWasmEngine());
const reference = await measure(createReferenceEngine());
for (const [i, { alpha }] of analysis.blocks.entries())
  assert(Math.abs(alpha - reference.blocks[i].alpha) < 1e-3, `block ${i}: engines disagree`);

// The whole in one call, and in a thread, whose file has to be found where the package lies.
const whole = await analyzeModel(process.argv[2], { estimator: 'fix-finger' });
assert.deepEqual(whole.blocks, analysis.blocks);
const opened = await openModel(process.argv[2]);
const pool = createPool(
  {
    access: opened.access,
    engine: 'wasm',
    build: 'auto',
    precision: 'auto',
    version: '1',
    estimator: 'fix-finger',
    metrics: [],
    bootstrap: 0,
    seed: 0,
    memoryShare: 1e9,
  },
  1,
);
const [row] = whole.matrices.filter(({ status }) => status === 'ok');
const units = opened.checkpoint.tensors.flatMap((weight) => spectralUnits(weight));
const unit = units.find(({ name }) => name === row.name);
const { measurement, digest } = await pool.measure(unit);
assert.equal(measurement.alpha, row.alpha);
assert.equal(digest, row.digest);
await pool.close();
await opened.close();

const layers = layersOf(analysis);
// Code of others runs in a thread, which is found where the package is installed.
const own =
  'export default { name: "one", version: "1", apiVersion: 1, allocate: ({ layers }) => ({ weights: layers.map(() => 1) }), traits: { resources: ["experts"], answer: "weights" } };';
writeFileSync('one.mjs', own);
const plugins = openPlugins();
const one = await plugins.open('./one.mjs');
const even = await one.allocate({
  layers: [
    { block: 0, score: 1 },
    { block: 1, score: 9 },
  ],
  budget: { total: 6 },
});
assert.deepEqual(even.experts, [3, 3]);
await plugins.close();

const policy = await policies.load('alphalora');
const allocation = await allocate({ layers, policy, budget: { total: 40 } });
const { experts } = allocation;
assert.equal(experts.length, 8);
assert.equal(summaryOf(allocation).amounts.sum, 40);
assert.equal(compareAllocations(allocation, allocation).distance, 0);
assert.equal(
  experts.reduce((sum, count) => sum + count, 0),
  40,
);
// The block with the largest alpha gets the most experts.
assert.equal(experts.indexOf(Math.max(...experts)), 0);

await assert.rejects(estimators.load('guess'), (error) => isAlphaLoraError(error, 'NOT_FOUND'));

// What is made here passes the checks of what comes from outside.
parseAnalysis(JSON.parse(JSON.stringify(analysis)));
parseAllocation(JSON.parse(JSON.stringify(allocation)));
assert.throws(
  () => parseAnalysis({ ...analysis, blocks: [] }, 'own'),
  (error) => isAlphaLoraError(error, 'INVALID_DOCUMENT') && error.details.field === 'blocks',
);

assert(renderReport({ analysis, allocation }).includes('40 LoRA experts are shared out'));

const { files, notes } = await exportDocument(allocation, 'mola');
assert(files.includes(`--number_experts "${experts.join(',')}"`), files);
assert.match(files, /--lora_r "8,8,8,8,8,8,8,8"/);
assert.deepEqual(notes, []);

// An adapter that the allocation describes, trained for a step, and used.
const source = { model: process.argv[2], task: 'text', data: 'sentences.jsonl' };
writeFileSync(source.data, '{"text":"reverse: brown > nworb"}\n');
const output = 'adapter';
const training = { steps: 1, batchSize: 1 };
const tuned = await fineTune({ ...source, allocation, targets: ['q_proj'], training, output });
assert.equal(tuned.examples, 1);
const scored = await evaluateModel({ ...source, split: 'train', adapter: output });
assert.equal(scored.metric, 'perplexity');
assert(scored.loss < tuned.firstLoss);
