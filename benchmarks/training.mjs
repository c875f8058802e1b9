/**
 * Tokens per second of fine-tuning, next to the same recipe in PyTorch: a frozen Llama decoder, LoRA
 * on all its projections, or experts with a router on each; loss on all tokens, gradients clipped,
 * AdamW. Ours computes all experts of a projection as two products; the peer loops over them in
 * Python, as the released code of MoLA and AlphaLoRA does.
 *
 *   apt-get install python3-torch     # the peer; without it only ours is measured
 *   npm run setup                     # builds
 *   node benchmarks/training.mjs [--passes 3] [--steps 8] [--rows 8] [--length 128] [--model demo-model]
 *
 * One thread each, and while one takes a step the other waits: steps alternate, so that a slow phase of
 * the machine meets both. A pass has medians for each setting; the ranges are over the passes. Processor
 * time leaves out what other programs take of the machine, and shows that neither has a second thread.
 * PYTHON names the interpreter of the peer (default: /usr/bin/python3, where Debian installs torch).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { molora, moloraNode } from '../examples/demo-tasks/runtime.mjs';
import { machine, median, python, startPeer, uniform } from './lib.mjs';
import { modelFolder } from './study/run.mjs';

const { values: options } = parseArgs({
  options: {
    passes: { type: 'string', default: '3' },
    steps: { type: 'string', default: '8' },
    rows: { type: 'string', default: '8' },
    length: { type: 'string', default: '128' },
    model: { type: 'string', multiple: true, default: ['babyllama-tok361', 'demo-model'] },
  },
});
const [passes, steps, rows, length] = ['passes', 'steps', 'rows', 'length'].map((name) =>
  Number(options[name]),
);
/** Steps before the measured ones: compilation, caches. */
const WARM_UP = 2;
const settings = [
  { name: 'LoRA of rank 8', experts: 1, dropout: 0 },
  { name: '4 experts of rank 8, top 2', experts: 4, dropout: 0 },
  { name: '8 experts of rank 8, top 2', experts: 8, dropout: 0 },
  { name: '4 experts, dropout 0.05', experts: 4, dropout: 0.05 },
];

/** Experts of rank 8 on every projection of the model. */
function adapterOf({ config }, { experts, dropout }) {
  const projections = [];
  for (const [block, own] of config.blocks.entries()) {
    for (const { name, role, inputs, outputs } of own.projections) {
      projections.push({
        name,
        block,
        role,
        inputs,
        outputs,
        topK: Math.min(2, experts),
        ranks: new Array(experts).fill(8),
        scalings: new Array(experts).fill(2),
      });
    }
  }
  const spec = { projections, router: { name: 'top-k', options: {} }, dropout };
  return { spec, tensors: molora.initialTensors(spec, 10) };
}

/**
 * One pass of one setting.
 *
 * @returns medians of the measured steps, `ours` and `theirs`, each `{ wall, processor }` in seconds
 */
async function measure(folder, decoder, setting) {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const state = adapterOf(decoder, setting);
  const { experts, dropout } = setting;
  const set = await peer?.ask({ config, experts, dropout, rows, length });
  const parameters = molora.parameterCount(state.spec);
  if (set && set.parameters !== parameters)
    throw new Error(`not the same adapter: ${parameters} and ${set.parameters} parameters`);
  const random = uniform(10);
  const sequences = Array.from({ length: rows }, () => ({
    ids: Int32Array.from({ length }, () => Math.floor(random() * config.vocab_size)),
    weights: new Float32Array(length).fill(1, 1),
  }));
  const model = molora.adaptedModel(decoder, state);
  const times = { ours: [], theirs: [] };
  let begun;
  const begin = () => {
    begun = { wall: performance.now(), processor: process.cpuUsage() };
  };
  const alternate = {
    name: 'alternate',
    onStart: begin,
    async onStep({ step }) {
      const wall = (performance.now() - begun.wall) / 1e3;
      const { user, system } = process.cpuUsage(begun.processor);
      const answer = await peer?.ask({});
      if (step > WARM_UP) {
        times.ours.push({ wall, processor: (user + system) / 1e6 });
        if (answer) times.theirs.push({ wall: answer.seconds, processor: answer.processorSeconds });
      }
      begin();
    },
  };
  try {
    await molora.train({
      model: model.trainable,
      sequences,
      callbacks: [alternate],
      settings: molora.trainingSettings({ steps: WARM_UP + steps, batchSize: rows }, rows),
    });
  } finally {
    model.dispose();
  }
  const medians = (list) => ({
    wall: median(list.map(({ wall }) => wall)),
    processor: median(list.map(({ processor }) => processor)),
  });
  return { ours: medians(times.ours), ...(peer && { theirs: medians(times.theirs) }) };
}

function range(values, digits) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((x) => x.toFixed(digits));
  return low === high ? low : `${low} to ${high}`;
}

function summary(measured) {
  const speed = (whose) =>
    `${range(
      measured.map((pass) => (rows * length) / pass[whose].wall),
      0,
    )} tokens/s`;
  if (!peer) return `ours ${speed('ours')}`;
  const ratio = (kind) =>
    range(
      measured.map(({ ours, theirs }) => theirs[kind] / ours[kind]),
      2,
    );
  const threads = (whose) =>
    range(
      measured.map((pass) => pass[whose].processor / pass[whose].wall),
      2,
    );
  return (
    `ours ${speed('ours')}, torch ${speed('theirs')}; ours is ${ratio('wall')} times as fast ` +
    `(${ratio('processor')} by processor time; cores busy ${threads('ours')} and ${threads('theirs')})`
  );
}

const script = fileURLToPath(new URL('peers/moe_lora_training.py', import.meta.url));
const peer = await startPeer(python, [script]);
console.log(JSON.stringify({ ...machine(), peer: peer?.about.version ?? 'absent' }));
console.log(`${rows} rows of ${length} tokens, ${passes} passes of ${steps} steps`);
try {
  const cases = [];
  for (const model of options.model) {
    const folder = modelFolder(model);
    if (!folder) {
      console.log(`${model}: left out, as it is not here`);
      continue;
    }
    const { decoder } = await moloraNode.loadModel(folder);
    for (const setting of settings) cases.push({ model, folder, decoder, setting, measured: [] });
  }
  for (let pass = 0; pass < passes; pass++) {
    for (const { folder, decoder, setting, measured } of cases)
      measured.push(await measure(folder, decoder, setting));
  }
  for (const { model, setting, measured } of cases)
    console.log(`${model}, ${setting.name}: ${summary(measured)}`);
} finally {
  peer?.stop();
}
