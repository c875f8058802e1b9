/**
 * Our contestant of `../training.mjs`: `node training.mjs <wasm | tensorflow>`. Answers as
 * `moe_lora_training.py` does: a line of JSON with `config` sets a model up, of random weights, and is
 * answered by its trainable parameters; every other line is one step, answered by its seconds.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { uniform } from '../lib.mjs';

const packages = new URL('../../packages/', import.meta.url);
const resolve = createRequire(new URL('molora-tfjs/package.json', packages)).resolve;
/** The copy that the packages import: a second one would have a backend of its own. */
const peer = async (name) => (await import(pathToFileURL(resolve(name)).href)).default;
const built = (path) => import(new URL(path, packages).href);

const [backend] = process.argv.slice(2);
const tf = await peer('@tensorflow/tfjs');
if (backend === 'wasm') {
  const name = '@tensorflow/tfjs-backend-wasm';
  (await peer(name)).setWasmPaths(`${dirname(resolve(name))}/`);
} else {
  // Node 23 removed what tfjs-node 4.22 calls.
  Object.assign(util, { isNullOrUndefined: (x) => x == null, isArray: Array.isArray });
  await peer('@tensorflow/tfjs-node');
}
if (!(await tf.setBackend(backend))) process.exit(1);
const { memorySource, readCheckpoint, serializeSafetensors } = await built(
  'checkpoint/dist/index.js',
);
const { initialTensors, parameterCount } = await built('molora-tfjs/dist/index.js');
const { adaptedModel, decoderConfig, loadDecoder } = await built(
  'molora-tfjs/dist/decoder/index.js',
);
const { train, trainingSettings } = await built('molora-tfjs/dist/training/index.js');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value);
};
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ version: backend === 'wasm' ? tf.version.tfjs : `${tf.version.tfjs} on libtensorflow` });
let question = await next();
let [decoder, decoderOf] = [];
while (question) {
  const text = JSON.stringify(question.config);
  if (decoderOf !== text) {
    decoder?.dispose();
    decoder = await randomDecoder(question.config);
    decoderOf = text;
  }
  question = await trained(question);
}

/** Takes steps until there is another question than for a step. */
async function trained({ experts, dropout, rows, length }) {
  const spec = {
    projections: projections(experts),
    router: { name: 'top-k', options: {} },
    dropout,
  };
  const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 10) });
  say({ parameters: parameterCount(spec) });
  const random = uniform(10);
  const sequences = Array.from({ length: rows }, () => ({
    ids: Int32Array.from({ length }, () => Math.floor(random() * decoder.config.vocabularySize)),
    weights: new Float32Array(length).fill(1, 1),
  }));
  const ended = new AbortController();
  let [asked, begun] = [];
  const waits = async () => {
    asked = await next();
    if (!asked || asked.config) ended.abort('ended');
    begun = { wall: performance.now(), processor: process.cpuUsage() };
  };
  const stepwise = {
    name: 'stepwise',
    onStart: waits,
    async onStep({ loss }) {
      const seconds = (performance.now() - begun.wall) / 1e3;
      const { user, system } = process.cpuUsage(begun.processor);
      if (!ended.signal.aborted) say({ seconds, processorSeconds: (user + system) / 1e6, loss });
      await waits();
    },
  };
  const settings = trainingSettings({ steps: 1e6, batchSize: rows }, rows);
  try {
    await train({
      model: model.trainable,
      sequences,
      settings,
      callbacks: [stepwise],
      signal: ended.signal,
    });
  } catch (error) {
    if (error !== 'ended') throw error;
  } finally {
    model.dispose();
  }
  return asked;
}

/** Experts of rank 8 on every projection. */
function projections(experts) {
  return decoder.config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }) => ({
      name,
      block,
      role,
      inputs,
      outputs,
      topK: Math.min(2, experts),
      ranks: new Array(experts).fill(8),
      scalings: new Array(experts).fill(2),
    })),
  );
}

async function randomDecoder(config) {
  const random = uniform(1);
  const tensor = (name, shape, draw = () => (random() - 0.5) * 0.07) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, draw);
    return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
  };
  const { hiddenSize, vocabularySize, names, blocks } = decoderConfig(config);
  const norm = (name) => tensor(`${name}.weight`, [hiddenSize], () => 1);
  const tensors = [
    tensor(`${names.embeddings}.weight`, [vocabularySize, hiddenSize]),
    norm(names.norm),
    ...blocks.flatMap(({ norms, projections }) => [
      ...Object.values(norms).map(({ name }) => norm(name)),
      ...projections.map(({ name, inputs, outputs }) =>
        tensor(`${name}.weight`, [outputs, inputs]),
      ),
    ]),
  ];
  const bytes = Uint8Array.from(Buffer.concat(serializeSafetensors({ tensors })));
  const checkpoint = await readCheckpoint({ files: [memorySource(bytes, 'model.safetensors')] });
  return loadDecoder(checkpoint, config);
}
