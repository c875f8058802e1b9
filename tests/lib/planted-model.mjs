/**
 * Writes a checkpoint to test estimators on: a Llama layout with tails whose exponents are known
 * beforehand.
 *
 *     node tests/lib/planted-model.mjs <folder>
 *
 * Each projection is W = U diag(sqrt(lambda)) V^T with random orthonormal U and V, and lambda at the
 * quantiles of a Pareto density p(lambda) ~ lambda^-alpha, so a good estimator must find the planted
 * alpha again. The exponents stand in the file's `__metadata__`. The weights are not trained: the
 * model says nothing, it only has the right spectra.
 *
 * The bytes are the same on every machine: one seeded generator, and apart from the quantiles only
 * arithmetic that IEEE 754 defines to the last bit. Rounding to bfloat16 hides the rest.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SEED = 20241014;

/** Mean alpha of each block: low at the start, a bump late, as in the published Llama models. */
const PLANTED_ALPHA = [1.9, 2.6, 3.0, 2.7, 2.5, 3.3, 4.3, 3.6];

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 96,
  intermediate_size: 256,
  num_hidden_layers: PLANTED_ALPHA.length,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 12,
  vocab_size: 128,
  max_position_embeddings: 256,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: 'bfloat16',
};

const { hidden_size: hidden, intermediate_size: wide } = config;
const keys = config.num_key_value_heads * config.head_dim;

/** Shape `[out, in]`, and how far a role's alpha lies from its block's mean; the offsets sum to 0. */
const PROJECTIONS = {
  'self_attn.q_proj': { shape: [hidden, hidden], offset: -0.15 },
  'self_attn.k_proj': { shape: [keys, hidden], offset: -0.25 },
  'self_attn.v_proj': { shape: [keys, hidden], offset: 0.1 },
  'self_attn.o_proj': { shape: [hidden, hidden], offset: 0.05 },
  'mlp.gate_proj': { shape: [wide, hidden], offset: 0.2 },
  'mlp.up_proj': { shape: [wide, hidden], offset: 0.1 },
  'mlp.down_proj': { shape: [hidden, wide], offset: -0.05 },
};

/** Uniform numbers in [0, 1): the generator "mulberry32". */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` orthonormal vectors of the given length: Gram-Schmidt, each vector projected twice. */
function orthonormalVectors(count, length, random) {
  const vectors = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random() - 0.5);
    for (const earlier of [...vectors, ...vectors]) {
      const along = dot(vector, earlier);
      for (let i = 0; i < length; i++) vector[i] -= along * earlier[i];
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Eigenvalues at the quantiles of p(lambda) ~ lambda^-alpha. The midpoints of `count` equal slices
 * of probability stand for the slices.
 */
function paretoQuantiles(alpha, count) {
  return Float64Array.from(
    { length: count },
    (_, i) => ((count - i - 0.5) / count) ** (-1 / (alpha - 1)),
  );
}

/** A matrix [out, in] with the planted tail; its squared Frobenius norm is `out`, as at the start of training. */
function plantedMatrix([out, into], alpha, random) {
  const count = Math.min(out, into);
  const eigenvalues = paretoQuantiles(alpha, count);
  const scale = out / eigenvalues.reduce((sum, value) => sum + value, 0);
  const left = orthonormalVectors(count, out, random);
  const right = orthonormalVectors(count, into, random);
  const matrix = new Float64Array(out * into);
  for (let k = 0; k < count; k++) {
    const singular = Math.sqrt(eigenvalues[k] * scale);
    for (let row = 0; row < out; row++) {
      const factor = singular * left[k][row];
      for (let column = 0; column < into; column++)
        matrix[row * into + column] += factor * right[k][column];
    }
  }
  return matrix;
}

/** Bytes of bfloat16 values, little-endian, rounded to nearest, ties to even. */
function toBfloat16(values) {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const bytes = new DataView(new ArrayBuffer(2 * bits.length));
  bits.forEach((word, i) => {
    bytes.setUint16(2 * i, (word + 0x7fff + ((word >>> 16) & 1)) >>> 16, true);
  });
  return new Uint8Array(bytes.buffer);
}

function makeTensors() {
  const random = createRandom(SEED);
  const tensors = [];
  const add = (name, shape, values) => tensors.push({ name, shape, bytes: toBfloat16(values) });
  const ones = (name) => add(name, [hidden], new Float64Array(hidden).fill(1));

  const embeddings = Float64Array.from(
    { length: config.vocab_size * hidden },
    () => (random() - 0.5) / 10,
  );
  add('model.embed_tokens.weight', [config.vocab_size, hidden], embeddings);
  PLANTED_ALPHA.forEach((alpha, block) => {
    const prefix = `model.layers.${block}`;
    ones(`${prefix}.input_layernorm.weight`);
    for (const [role, { shape, offset }] of Object.entries(PROJECTIONS))
      add(`${prefix}.${role}.weight`, shape, plantedMatrix(shape, alpha + offset, random));
    ones(`${prefix}.post_attention_layernorm.weight`);
  });
  ones('model.norm.weight');
  return tensors;
}

function plantedMetadata() {
  const byRole = Object.entries(PROJECTIONS).map(([role, { offset }]) => [
    role.split('.')[1],
    PLANTED_ALPHA.map((alpha) => Number((alpha + offset).toFixed(2))),
  ]);
  return {
    format: 'pt',
    planted_alpha: JSON.stringify(PLANTED_ALPHA),
    planted_alpha_by_role: JSON.stringify(Object.fromEntries(byRole)),
  };
}

/** The safetensors format: length of the header (8 bytes), header (JSON), then the tensors' bytes. */
function encodeSafetensors(tensors, metadata) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, bytes } of tensors) {
    header[name] = { dtype: 'BF16', shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const json = JSON.stringify(header);
  // Trailing spaces align the tensors to 8 bytes; the format allows them.
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  return Buffer.concat([new Uint8Array(length.buffer), text, ...tensors.map(({ bytes }) => bytes)]);
}

const [folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
writeFileSync(
  join(folder, 'model.safetensors'),
  encodeSafetensors(makeTensors(), plantedMetadata()),
);
