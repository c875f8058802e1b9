/**
 * Peak memory of a training step by the number of blocks, with and without recomputation of the
 * activations: `node bench/peak-memory.mjs [--rows 4] [--length 128]`. Needs a build (`pnpm build`)
 * and the wasm backend.
 *
 * Prints the bytes of all tensors at the worst moment beyond those of model and adapter, for a model
 * with the widths of babyllama and LoRA of rank 8 on every projection.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { adaptedModel, decoderConfig } from '../dist/decoder/index.js';
import { createFrozenLinear, initialTensors } from '../dist/index.js';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '4' },
    length: { type: 'string', default: '128' },
  },
});
const [rows, length] = [Number(options.rows), Number(options.length)];

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(wasm)}/`);
await tf.setBackend('wasm');
await tf.ready();

const states = (rows * length * 128 * 4) / 1e6;
console.log(
  `${rows} rows of ${length} tokens; the hidden states of a block are ${states.toFixed(2)} MB`,
);
console.log('blocks   kept (MB)   recomputed (MB)');
let before;
for (const blocks of [2, 4, 8, 16]) {
  const kept = await peak(blocks, false);
  const recomputed = await peak(blocks, true);
  const slope = (now, then) => ((now - then) / (blocks - before.blocks)).toFixed(2);
  const slopes = before
    ? `   each further block ${slope(kept, before.kept)}, ${slope(recomputed, before.recomputed)}`
    : '';
  console.log(
    `${String(blocks).padStart(6)}${kept.toFixed(1).padStart(12)}${recomputed.toFixed(1).padStart(18)}${slopes}`,
  );
  before = { blocks, kept, recomputed };
}

/** @returns MB */
async function peak(blocks, recompute) {
  const decoder = randomDecoder(blocks);
  const model = adaptedModel(decoder, adapterState(decoder.config), { recompute });
  const ids = Int32Array.from({ length: rows * length }, (_, i) => (i * 7919) % 361);
  const weights = new Float32Array(rows * length).fill(1);
  const batch = { ids, weights, rows, length, lengths: new Array(rows).fill(length) };
  const resting = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => {
    const { value, grads } = tf.variableGrads(
      () => model.trainable.loss(batch, { seed: 1, training: true }),
      [...model.trainable.variables],
    );
    tf.dispose([value, grads]);
  });
  model.dispose();
  decoder.dispose();
  return (peakBytes - resting) / 1e6;
}

function randomDecoder(blocks) {
  const config = decoderConfig({
    model_type: 'llama',
    hidden_size: 128,
    intermediate_size: 352,
    num_hidden_layers: blocks,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    vocab_size: 361,
    max_position_embeddings: 256,
    tie_word_embeddings: true,
  });
  const linear = (inputs, outputs) =>
    tf.tidy(() => createFrozenLinear(tf.randomNormal([outputs, inputs], 0, 0.05)));
  const embeddings = tf.randomNormal([361, 128]);
  const norm = { gain: tf.ones([128]) };
  const decoder = {
    config,
    embeddings,
    norm,
    output: linear(128, 361),
    blocks: config.blocks.map(({ projections }) => ({
      norms: { beforeAttention: norm, beforeFeedForward: norm },
      projections: Object.fromEntries(
        projections.map(({ role, inputs, outputs }) => [role, linear(inputs, outputs)]),
      ),
    })),
    dispose: () => tf.dispose([embeddings, norm, decoder.output, decoder.blocks]),
  };
  return decoder;
}

function adapterState(config) {
  const projections = config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }) => {
      return { name, block, role, inputs, outputs, ranks: [8], scalings: [2], topK: 1 };
    }),
  );
  const spec = { projections, router: { name: 'top-k', options: {} }, dropout: 0 };
  return { spec, tensors: initialTensors(spec, 1) };
}
