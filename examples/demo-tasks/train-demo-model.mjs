/**
 * Trains the demo model from scratch, on one core, and writes it with the history of its training:
 *
 *     node examples/demo-tasks/train-demo-model.mjs [--output examples/demo-model] [--steps <n>]
 *       [--seed <n>] [--run <folder>] [--resume]
 *
 * Needs a build. A Llama of 8 blocks and 0.8 million parameters learns the eight pretraining tasks of
 * `tasks.mjs`; only answers count in the loss. The run lies in a folder of its own and goes on
 * with --resume where it was interrupted, to the same weights. The same machine and backend give the
 * same model again; other processors may round differently.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exactMatches } from './accuracy.mjs';
import { pretrainingCorpus } from './corpus.mjs';
import { checkpoints, molora, moloraNode, spectra } from './runtime.mjs';
import { beginToken, endToken, tokenizer, tokenizerConfig, vocabularySize } from './tokenizer.mjs';

const { values: options } = parseArgs({
  options: {
    output: {
      type: 'string',
      default: fileURLToPath(new URL('../demo-model', import.meta.url)),
    },
    run: { type: 'string', default: 'demo-training' },
    steps: { type: 'string', default: '3300' },
    seed: { type: 'string', default: '1' },
    resume: { type: 'boolean', default: false },
  },
});
const [steps, seed] = [options.steps, options.seed].map(Number);

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 96,
  intermediate_size: 256,
  num_hidden_layers: 8,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 12,
  vocab_size: vocabularySize,
  max_position_embeddings: 128,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  initializer_range: 0.06,
  tie_word_embeddings: true,
  bos_token_id: beginToken,
  eos_token_id: endToken,
  torch_dtype: 'bfloat16',
};

/** Alphas and the curve of the loss are taken this often. */
const CURVE_EVERY = 20;
const alphaEvery = Math.max(1, Math.round(steps / 20));
const recipe = commitOfRecipe();

const corpus = pretrainingCorpus(seed);
const text = molora.createTokenizer(tokenizer, tokenizerConfig);
const { sequences } = molora.encodeExamples(corpus.train, {
  encode: text.encode,
  endOfSequence: endToken,
  maxLength: config.max_position_embeddings,
});
const model = molora.pretrainable(config, {
  seed,
  standardDeviation: config.initializer_range,
});
const settings = molora.trainingSettings(
  {
    steps,
    seed,
    schedule: 'cosine',
    warmupSteps: Math.min(100, steps >> 2),
    learningRate: 0.003,
    beta2: 0.99,
    weightDecay: 0.1,
    clipNorm: 1,
    batchSize: 64,
    microBatchSize: 32,
  },
  sequences.length,
);

mkdirSync(options.run, { recursive: true });
const run = await moloraNode.openRunFolder(options.run, { resume: options.resume });
const begun = run.state?.step ?? -1;
const curve = history('training.jsonl', begun);
const alphas = history('alphas.jsonl', begun);
const parameters = model.trainable.variables.reduce((sum, { size }) => sum + size, 0);
say(`${parameters} parameters, ${sequences.length} sequences, ${steps} steps of 64`);

let [tokens, losses] = [0, []];
const recorder = {
  name: 'curve',
  state: () => ({ data: { tokens, losses }, tensors: {} }),
  restore({ data }) {
    ({ tokens, losses } = data);
  },
  async onStart({ step }) {
    if (step === 0) alphas.add({ step, tokens, ...(await measureAlphas()) });
  },
  async onStep(report) {
    const { step, loss, learningRate, gradientNorm } = report;
    tokens += report.tokens;
    losses.push(loss);
    await run.record(report);
    if (step % CURVE_EVERY === 0 || step === steps) {
      const mean = losses.reduce((sum, one) => sum + one, 0) / losses.length;
      curve.add({ step, tokens, loss: mean, learningRate, gradientNorm });
      const { tokensPerSecond, secondsLeft } = report;
      say(
        `step ${step}/${steps} loss ${mean.toFixed(4)}, norm ${gradientNorm.toFixed(2)}, ` +
          `${tokensPerSecond.toFixed(0)} tokens/s, ${(secondsLeft / 60).toFixed(1)} min left`,
      );
      losses = [];
    }
    if (step % alphaEvery === 0 || step === steps) {
      const measured = await measureAlphas();
      alphas.add({ step, tokens, ...measured });
      say(`alpha ${measured.blocks.join(' ')}`);
      if (step < steps) say(rates(await exactMatches(model.decoder, text, corpus.validation)));
    }
  },
};
await molora.train({
  model: model.trainable,
  sequences,
  settings,
  ...(run.state && { resume: run.state }),
  callbacks: [recorder],
  checkpoints: { every: alphaEvery, save: (state) => run.save(state) },
});
await run.close();

// What is examined is what is stored.
const weights = await storedWeights();
const stored = await molora.loadDecoder(await opened(weights));
const accuracy = await exactMatches(stored, text, corpus.test);
say(rates(accuracy));
const { output } = options;
mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'model.safetensors'), weights);
writeJson('config.json', config);
writeJson('tokenizer.json', tokenizer);
writeJson('tokenizer_config.json', tokenizerConfig);
writeJson('accuracy.json', { seed, steps, parameters, tokens, exactMatch: accuracy });
for (const name of ['training.jsonl', 'alphas.jsonl'])
  writeFileSync(join(output, name), readFileSync(join(options.run, name)));
say(`wrote ${output}`);

/** model.safetensors of the weights as they are, in bfloat16. */
async function storedWeights() {
  const metadata = { format: 'pt', seed: String(seed), steps: String(steps), recipe };
  return Buffer.concat(await model.checkpoint({ dtype: 'BF16', metadata }));
}

function opened(bytes) {
  const json = Buffer.from(JSON.stringify(config));
  return checkpoints.readCheckpoint({
    files: [checkpoints.memorySource(bytes, 'model.safetensors')],
    config: checkpoints.memorySource(json, 'config.json'),
  });
}

/** The commit of these programs. */
function commitOfRecipe() {
  const git = ['log', '-1', '--format=%H', '--', fileURLToPath(new URL('.', import.meta.url))];
  try {
    return execFileSync('git', git, { encoding: 'utf8' }).trim() || 'uncommitted';
  } catch {
    return 'unknown';
  }
}

/** Alpha of every block and projection of the weights as they are stored. */
async function measureAlphas() {
  const { tensors } = await opened(await storedWeights());
  const analysis = await spectra.analyze(tensors, {
    engine: spectra.createReferenceEngine(),
    estimator: await spectra.estimators.load('fix-finger'),
    bootstrap: 0,
    metrics: [],
    model: { source: 'demo-model', blocks: config.num_hidden_layers },
    tool: { name: 'train-demo-model', version: '1' },
  });
  const projections = {};
  for (const { status, role, block, alpha } of analysis.matrices) {
    if (status !== 'ok') continue;
    projections[role] ??= [];
    projections[role][block] = rounded(alpha);
  }
  return { blocks: analysis.blocks.map(({ alpha }) => rounded(alpha)), projections };
}

/** A file of lines in the folder of the run, cut back to where the run goes on. */
function history(name, step) {
  const path = join(options.run, name);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const kept = lines.filter((line) => JSON.parse(line).step <= step);
  writeFileSync(path, kept.map((line) => `${line}\n`).join(''));
  return { add: (entry) => appendFileSync(path, `${JSON.stringify(entry)}\n`) };
}

function rounded(value) {
  return Number(value.toFixed(4));
}

function rates(accuracy) {
  const entries = Object.entries(accuracy).map(([name, rate]) => `${name} ${rate.toFixed(2)}`);
  return `exact: ${entries.join(', ')}`;
}

function writeJson(name, value) {
  writeFileSync(join(options.output, name), `${JSON.stringify(value, null, 2)}\n`);
}

function say(line) {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}
