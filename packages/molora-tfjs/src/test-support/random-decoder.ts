/** Small decoders with random weights: a checkpoint in memory, and its weights for a reference. */
import {
  type Checkpoint,
  encodeValues,
  memorySource,
  readCheckpoint,
  serializeSafetensors,
} from '@alphalora/checkpoint';
import { type Random, seededRandom } from '@alphalora/contracts/numbers';

export interface RandomDecoder {
  config: Record<string, unknown>;
  checkpoint: Checkpoint;
  /** Row-major, as stored: [outputs, inputs]. */
  weights: Map<string, { shape: number[]; values: Float32Array | Float64Array }>;
}

/** Settings of a config.json that the shapes of the weights depend on. */
export interface Shape {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  head_dim: number;
  vocab_size: number;
}

export const smallShape: Shape = {
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  vocab_size: 17,
};

export async function randomDecoder(
  settings: Record<string, unknown>,
  { biases = [], shape = smallShape }: { biases?: readonly string[]; shape?: Shape } = {},
): Promise<RandomDecoder> {
  const config = { ...shape, max_position_embeddings: 64, ...settings };
  const weights: RandomDecoder['weights'] = new Map();
  const add = (name: string, shape: number[], draw: (random: Random) => number): void => {
    const random = seededRandom(7, name);
    const size = shape.reduce((product, length) => product * length, 1);
    weights.set(name, { shape, values: Float32Array.from({ length: size }, () => draw(random)) });
  };
  const matrix = (name: string, outputs: number, inputs: number): void =>
    add(name, [outputs, inputs], (random) => (2 * random() - 1) * Math.sqrt(6 / inputs));
  const { hidden_size: hidden, intermediate_size: wide, head_dim: head } = shape;
  const norm = (name: string, size = hidden): void => add(name, [size], (random) => 0.5 + random());
  matrix('model.embed_tokens.weight', shape.vocab_size, hidden);
  for (let block = 0; block < shape.num_hidden_layers; block++) {
    const prefix = `model.layers.${block}`;
    norm(`${prefix}.input_layernorm.weight`);
    norm(`${prefix}.post_attention_layernorm.weight`);
    const maps: [string, number, number][] = [
      ['self_attn.q_proj', shape.num_attention_heads * head, hidden],
      ['self_attn.k_proj', shape.num_key_value_heads * head, hidden],
      ['self_attn.v_proj', shape.num_key_value_heads * head, hidden],
      ['self_attn.o_proj', hidden, shape.num_attention_heads * head],
      ...feedForwardMaps(hidden, wide, config),
    ];
    const headNorms = headNormSizes[String(settings['model_type'])];
    if (headNorms) {
      const [queries, keys] = headNorms(shape);
      norm(`${prefix}.self_attn.q_norm.weight`, queries);
      norm(`${prefix}.self_attn.k_norm.weight`, keys);
    }
    for (const [name, outputs, inputs] of maps) {
      matrix(`${prefix}.${name}.weight`, outputs, inputs);
      if (biases.includes(name.split('.')[1]!))
        add(`${prefix}.${name}.bias`, [outputs], (random) => random() - 0.5);
    }
  }
  norm('model.norm.weight');
  if ('tie_word_embeddings' in config && config.tie_word_embeddings === false)
    matrix('lm_head.weight', shape.vocab_size, hidden);
  return { config, checkpoint: await asCheckpoint(weights, config), weights };
}

/** What families normalize of queries and keys: those of each head, or of all. */
const headNormSizes: Record<string, (shape: Shape) => [queries: number, keys: number]> = {
  qwen3_moe: ({ head_dim }) => [head_dim, head_dim],
  olmoe: ({ head_dim, num_attention_heads, num_key_value_heads }) => [
    num_attention_heads * head_dim,
    num_key_value_heads * head_dim,
  ],
};

type Maps = [name: string, outputs: number, inputs: number][];

/** Of one gated linear unit, or of the experts of a mixture with their router, by the names of its family. */
function feedForwardMaps(hidden: number, wide: number, config: Record<string, unknown>): Maps {
  const experts = config['num_local_experts'] ?? config['num_experts'];
  const ofMixtral = config['model_type'] === 'mixtral';
  const module = ofMixtral ? 'block_sparse_moe' : 'mlp';
  const [gate, up, down] = ofMixtral ? ['w1', 'w3', 'w2'] : ['gate_proj', 'up_proj', 'down_proj'];
  if (typeof experts !== 'number') {
    return [
      ['mlp.gate_proj', wide, hidden],
      ['mlp.up_proj', wide, hidden],
      ['mlp.down_proj', hidden, wide],
    ];
  }
  const own = Array.from({ length: experts }, (_, expert): Maps => {
    const name = `${module}.experts.${expert}`;
    return [
      [`${name}.${gate}`, wide, hidden],
      [`${name}.${down}`, hidden, wide],
      [`${name}.${up}`, wide, hidden],
    ];
  });
  return [[`${module}.gate`, experts, hidden], ...own.flat()];
}

async function asCheckpoint(
  weights: RandomDecoder['weights'],
  config: Record<string, unknown>,
): Promise<Checkpoint> {
  const tensors = [...weights].map(([name, { shape, values }]) => {
    return {
      name,
      dtype: 'F32' as const,
      shape,
      bytes: encodeValues(Float32Array.from(values), 'F32'),
    };
  });
  const bytes = async (parts: readonly BlobPart[]): Promise<Uint8Array> =>
    new Uint8Array(await new Blob([...parts]).arrayBuffer());
  return readCheckpoint({
    files: [
      memorySource(
        await bytes(serializeSafetensors({ tensors }) as BlobPart[]),
        'model.safetensors',
      ),
    ],
    config: memorySource(await bytes([JSON.stringify(config)]), 'config.json'),
  });
}
