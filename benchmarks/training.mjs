/**
 * Tokens per second of fine-tuning, next to the same recipe in PyTorch: a frozen Llama decoder of random
 * weights, LoRA on all its projections, or experts with a router on each; loss on all tokens, gradients
 * clipped, AdamW, float32. Ours computes all experts of a projection as two products, on WebAssembly and
 * on libtensorflow; PyTorch loops over them in Python, as the released code of MoLA and AlphaLoRA does, or
 * has them in two einsums (`batched`).
 *
 *   npm run setup                                    # builds
 *   npm run alphalora -- doctor --install-tensorflow # libtensorflow; without it that column is empty
 *   PYTHON=<with torch> node benchmarks/training.mjs [--passes 3] [--steps 5] [--length 128]
 *     [--model demo --model 25M --model SmolLM2] [--threads 1 --threads 2]
 *     [--setting '4 experts']                        # only those whose names have it
 *
 * While one contestant takes a step the others wait: steps alternate, so that a slow phase of the machine
 * meets all. A pass has medians for each setting; the ranges are over the passes. The ratio by processor
 * time leaves out what other programs take of the machine. WebAssembly has one thread always, and so is
 * in the tables of one thread alone. Four contestants with SmolLM2 take about 12 GB.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median, python, startPeer } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    passes: { type: 'string', default: '3' },
    steps: { type: 'string', default: '5' },
    length: { type: 'string', default: '128' },
    model: { type: 'string', multiple: true, default: ['demo', '25M', 'SmolLM2'] },
    threads: { type: 'string', multiple: true, default: ['1', '2'] },
    setting: { type: 'string', multiple: true, default: [''] },
  },
});
const [passes, steps, length] = ['passes', 'steps', 'length'].map((name) => Number(options[name]));
/** Steps before the measured ones: compilation, caches. */
const WARM_UP = 2;
const settings = [
  { name: 'LoRA of rank 8', experts: 1, dropout: 0 },
  { name: 'LoRA, dropout 0.05', experts: 1, dropout: 0.05 },
  { name: '4 experts of rank 8, top 2', experts: 4, dropout: 0 },
  { name: '4 experts, dropout 0.05', experts: 4, dropout: 0.05 },
  { name: '8 experts of rank 8, top 2', experts: 8, dropout: 0 },
  { name: '8 experts, dropout 0.05', experts: 8, dropout: 0.05 },
].filter(({ name }) => options.setting.some((part) => name.includes(part)));
const llama = (shape) => ({
  model_type: 'llama',
  hidden_act: 'silu',
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  head_dim: 64,
  tie_word_embeddings: true,
  ...shape,
});
const models = {
  demo: {
    rows: 8,
    config: JSON.parse(
      readFileSync(new URL('../examples/demo-model/config.json', import.meta.url)),
    ),
  },
  '25M': {
    rows: 4,
    config: llama({
      hidden_size: 512,
      intermediate_size: 1376,
      num_hidden_layers: 8,
      num_attention_heads: 8,
      num_key_value_heads: 8,
      vocab_size: 1024,
    }),
  },
  SmolLM2: {
    rows: 4,
    config: llama({
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      vocab_size: 49152,
    }),
  },
};

const path = (name) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
const torch = path('moe_lora_training.py');
const contestants = [
  { name: 'wasm', start: [process.execPath, path('training.mjs'), 'wasm'], mostThreads: 1 },
  { name: 'tfjs-node', start: [process.execPath, path('training.mjs'), 'tensorflow'] },
  { name: 'PyTorch, loop', start: [python, torch, 'loop'] },
  { name: 'PyTorch, batched', start: [python, torch, 'batched'] },
];

async function started(threads) {
  const env = {
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
  const running = [];
  for (const { name, start, mostThreads = Infinity } of contestants) {
    const [command, ...args] = start;
    const peer =
      Number(threads) <= mostThreads
        ? await startPeer(command, [...args, threads], env)
        : undefined;
    if (peer) running.push({ name, peer });
  }
  return running;
}

/** One pass of one setting: by contestant, medians of the measured steps, `{ wall, processor }` in seconds. */
async function measure(running, { config, rows }, { experts, dropout }) {
  const counts = [];
  for (const { peer } of running)
    counts.push((await peer.ask({ config, experts, dropout, rows, length })).parameters);
  if (new Set(counts).size > 1) throw new Error(`not the same adapter: ${counts} parameters`);
  const times = new Map(running.map(({ name }) => [name, []]));
  for (let step = 1; step <= WARM_UP + steps; step++) {
    for (const { name, peer } of running) {
      const { seconds, processorSeconds, loss } = await peer.ask({});
      if (!Number.isFinite(loss)) throw new Error(`${name}: the loss is ${loss}`);
      if (step > WARM_UP) times.get(name).push({ wall: seconds, processor: processorSeconds });
    }
  }
  const medians = (list) => ({
    wall: median(list.map(({ wall }) => wall)),
    processor: median(list.map(({ processor }) => processor)),
  });
  return new Map([...times].map(([name, list]) => [name, medians(list)]));
}

function range(values, digits) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((x) => x.toFixed(digits));
  return low === high ? low : `${low} to ${high}`;
}

/** Of a contestant: tokens a second, and in parentheses how fast it is next to the loop, by processor time. */
function cell(measured, name, tokens) {
  const found = measured.filter((pass) => pass.has(name));
  if (found.length === 0) return '';
  const speed = range(
    found.map((pass) => tokens / pass.get(name).wall),
    0,
  );
  const loop = 'PyTorch, loop';
  if (name === loop || !found[0].has(loop)) return speed;
  const ratio = found.map((pass) => pass.get(loop).processor / pass.get(name).processor);
  return `${speed} (${range(ratio, 2)})`;
}

console.log(JSON.stringify(machine()));
for (const threads of options.threads) {
  const running = await started(threads);
  console.log(
    `\n${threads} threads, ${running.map(({ name, peer }) => `${name}: ${peer.about.version}`).join('; ')}`,
  );
  console.log(`| tokens/s | ${contestants.map(({ name }) => name).join(' | ')} |`);
  console.log(`| --- | ${contestants.map(() => '---').join(' | ')} |`);
  try {
    for (const model of options.model) {
      const { rows } = models[model];
      const measured = settings.map(() => []);
      for (let pass = 0; pass < passes; pass++)
        for (const [i, setting] of settings.entries())
          measured[i].push(await measure(running, models[model], setting));
      for (const [i, { name }] of settings.entries()) {
        const cells = contestants.map((other) => cell(measured[i], other.name, rows * length));
        console.log(`| ${model}, ${rows} x ${length}: ${name} | ${cells.join(' | ')} |`);
      }
    }
  } finally {
    for (const { peer } of running) peer.stop();
  }
}
