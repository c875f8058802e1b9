/**
 * One run: an allocation, an adapter, a fine-tuning, and its loss and accuracy on questions that it
 * has not seen. Models and data stay in memory between runs of one process.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splits } from '../../examples/demo-tasks/tasks.mjs';
import { allocate, policies as allocators, layersOf } from '../../packages/allocator/dist/index.js';
import { openCheckpoint } from '../../packages/checkpoint/dist/node/index.js';
import { analyze, estimators, reaggregated } from '../../packages/htsr-core/dist/index.js';
import { adaptedModel } from '../../packages/molora-tfjs/dist/decoder/index.js';
import {
  adapterSpec,
  initialTensors,
  parameterCount,
} from '../../packages/molora-tfjs/dist/index.js';
import { loadModel } from '../../packages/molora-tfjs/dist/node/index.js';
import {
  encodeExamples,
  evaluateLoss,
  train,
  trainingSettings,
} from '../../packages/molora-tfjs/dist/training/index.js';
import { createWasmEngine } from '../../packages/spectra-wasm/dist/node.js';
import { policies, settingOf } from './design.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const shared = join(root, '..', 'shared', 'data');

/** Where a model lies; undefined where it is not there. */
export function modelFolder(model) {
  const folder = model === 'demo-model' ? join(root, 'examples', model) : join(shared, model);
  return existsSync(join(folder, 'model.safetensors')) ? folder : undefined;
}

const remembered = new Map();
function once(key, make) {
  if (!remembered.has(key)) remembered.set(key, make());
  return remembered.get(key);
}

/** The analysis of a model, as `alphalora analyze` makes it. */
export function analysisOf(model) {
  return once(`analysis ${model}`, async () => {
    const checkpoint = await openCheckpoint(modelFolder(model));
    const engine = createWasmEngine();
    try {
      return await analyze(checkpoint.tensors, {
        engine,
        estimator: await estimators.load('fix-finger'),
        model: { source: model, blocks: checkpoint.blocks },
        tool: { name: 'study', version: '1' },
      });
    } finally {
      await checkpoint.close();
      await engine.close?.();
    }
  });
}

/** A larger alpha gives less: what the theory says is wrong. */
const inverse = {
  name: 'inverse',
  version: '1.0.0',
  apiVersion: 1,
  traits: { resources: ['experts'], answer: 'weights' },
  allocate: ({ layers, options: { beta } }) => ({
    weights: layers.map(({ score }) => score ** -beta),
  }),
  options: { '~standard': { version: 1, vendor: 'study', validate: (value) => ({ value }) } },
};

/** Experts of each block, or the rank of a single LoRA with no more parameters. */
async function allocationOf(run) {
  const { rank, expertsPerBlock } = settingOf(run);
  const analysis = await analysisOf(run.model);
  const blocks = analysis.blocks.length;
  if (run.part === 'leave-one-in') {
    const experts = analysis.blocks.map((_, block) => (block === run.block ? 4 : 2));
    return byHand(analysis, experts, rank);
  }
  const { kind, policy, options = {}, aggregate = 'mean' } = policies[run.policy];
  const total = expertsPerBlock * blocks;
  const layers = layersOf(reaggregated(analysis, { aggregate }));
  if (kind === 'experts') {
    return allocate({
      layers,
      policy: policy === 'inverse' ? inverse : await allocators.load(policy),
      options,
      budget: { total },
      rank,
      seed: run.seed,
    });
  }
  // What the experts of the uniform policy cost, routers included.
  const uniform = await allocate({
    layers,
    policy: await allocators.load('uniform'),
    budget: { total },
    rank,
  });
  return allocate({
    layers,
    policy: await allocators.load('uniform'),
    budget: { unit: 'rank', measure: 'parameters', total: uniform.parameters.trainable },
  });
}

function byHand(analysis, experts, rank) {
  const layers = layersOf(analysis);
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'by hand', version: '1', options: {} },
    budget: { unit: 'experts', total: experts.reduce((a, b) => a + b) },
    blocks: layers.map(({ block, score }, i) => ({
      index: block,
      score,
      experts: experts[i],
      topK: Math.min(2, experts[i]),
    })),
    experts,
    topK: experts.map((count) => Math.min(2, count)),
    parameters: { rank },
  };
}

/** The examples of a task in its three splits; the same for all policies of a seed. */
function examplesOf({ task, seed }, { train, test }) {
  if (task === 'shakespeare') return shakespeare(seed, train, test);
  const [training, validation, tests] = splits(task, { seed, sizes: [train, test, test] });
  return { training, validation, tests };
}

/** Pieces of the plays; those for validation and test are from the end. */
function shakespeare(seed, train, test) {
  const text = readFileSync(join(shared, 'tinyshakespeare', 'input.txt'), 'utf8');
  const size = 120;
  const pieces = Array.from({ length: Math.floor(text.length / size) }, (_, i) => ({
    prompt: '',
    completion: text.slice(i * size, (i + 1) * size),
  }));
  const held = pieces.splice(-2 * test);
  const start = (seed * 977) % (pieces.length - train);
  return {
    training: pieces.slice(start, start + train),
    validation: held.slice(0, test),
    tests: held.slice(test),
  };
}

/** @returns {Promise<object>} the run with what came of it */
export async function perform(run) {
  // It starts TensorFlow.js on one WebAssembly core, which the summary has no use for.
  const { exactMatches } = await import('../../examples/demo-tasks/accuracy.mjs');
  const setting = settingOf(run);
  const { decoder, tokenizer } = await once(`model ${run.model}`, () =>
    loadModel(modelFolder(run.model)),
  );
  const weights = await once(`weights ${run.model}`, async () => {
    const checkpoint = await openCheckpoint(modelFolder(run.model));
    await checkpoint.close();
    return checkpoint.tensors;
  });
  const begun = performance.now();
  const allocation = await allocationOf(run);
  const { training, validation, tests } = examplesOf(run, setting);
  const encode = (examples) =>
    encodeExamples(examples, {
      encode: (text) => tokenizer.encode(text),
      maxLength: 128,
      endOfSequence: tokenizer.endToken,
    }).sequences;
  const rank = allocation.budget.unit === 'rank' ? allocation.blocks[0].rank : setting.rank;
  const spec = adapterSpec({ allocation, weights, alpha: 2 * rank, dropout: 0 });
  const model = adaptedModel(decoder, {
    spec,
    tensors: initialTensors(spec, run.seed),
  });
  try {
    const sequences = encode(training);
    const state = await train({
      model: model.trainable,
      sequences,
      settings: trainingSettings(
        {
          steps: setting.steps,
          batchSize: setting.batchSize,
          learningRate: run.rate,
          seed: run.seed,
          schedule: 'linear',
        },
        sequences.length,
      ),
    }).catch((error) => {
      // A rate that is too high for a policy is a finding about that rate, not an accident.
      if (error.code === 'TRAINING_FAILED') return undefined;
      throw error;
    });
    const lossOn = async (examples) => {
      const { loss } = await evaluateLoss({
        model: model.trainable,
        sequences: encode(examples),
        batchSize: 32,
      });
      return Number.isFinite(loss) ? loss : null;
    };
    const diverged = state === undefined;
    const accuracy = async () => {
      const { adapter } = model;
      return (await exactMatches(decoder, tokenizer, { tests }, { adapter })).tests;
    };
    return {
      ...run,
      experts: allocation.experts,
      ...(allocation.budget.unit === 'rank' && { rank }),
      parameters: parameterCount(spec),
      ...(diverged && { diverged }),
      ...(run.part === 'search' && {
        validationLoss: diverged ? null : await lossOn(validation),
      }),
      ...(run.part !== 'search' && {
        testLoss: diverged ? null : await lossOn(tests),
        ...(run.task !== 'shakespeare' && {
          accuracy: diverged ? 0 : await accuracy(),
        }),
      }),
      seconds: Math.round(performance.now() - begun) / 1000,
    };
  } finally {
    model.dispose();
  }
}
