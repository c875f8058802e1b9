/** An encoder in memory: frozen weights as tensors of the current backend. */
import type { Checkpoint } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { FrozenLinear } from '../ops/frozen-linear.js';
import { weightLoader } from '../weights/weight-loader.js';
import { type EncoderConfig, encoderConfig } from './config.js';

/** Of a layer normalisation, [hidden size]. */
export interface NormWeights {
  readonly gain: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
}

export interface EncoderBlock {
  readonly query: FrozenLinear;
  readonly key: FrozenLinear;
  readonly value: FrozenLinear;
  /** Behind the heads. */
  readonly attention: FrozenLinear;
  /** Of the sum of the attention and what it took in. */
  readonly attentionNorm: NormWeights;
  readonly up: FrozenLinear;
  readonly down: FrozenLinear;
  readonly feedForwardNorm: NormWeights;
}

export interface Encoder {
  readonly config: EncoderConfig;
  /** [vocabulary, hidden size] */
  readonly embeddings: tf.Tensor2D;
  /** Of the first kind of tokens, at each position: [positions, hidden size]. */
  readonly positions: tf.Tensor2D;
  readonly norm: NormWeights;
  readonly blocks: readonly EncoderBlock[];
  /** Frees all tensors. */
  dispose(): void;
}

/** Parts of BERT that its hidden states do not depend on. */
const heads = /^(pooler|cls)\./;
/** A list of numbers from 0 on, in old files. */
const positionIds = 'embeddings.position_ids';

/**
 * Reads the weights, in float32. Those of the pooler and of heads for the tasks of pretraining are left.
 *
 * @param checkpoint of the layout that transformers saves; may have been closed afterwards
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture or weights that it has not,
 *   `INVALID_CHECKPOINT` when weights and configuration do not fit, or a weight is no finite float32
 */
export async function encoderOf(checkpoint: Checkpoint): Promise<Encoder> {
  const config = encoderConfig(checkpoint.config);
  const names = checkpoint.tensors.map(({ name }) => name);
  const prefix = names.some((name) => name.startsWith('bert.')) ? 'bert.' : '';
  const weights = weightLoader(checkpoint);
  const { hiddenSize, intermediateSize, vocabularySize, maxPositions, tokenTypes } = config;
  const read = new Set<string>();
  const vector = async (...spellings: [string, ...string[]]): Promise<tf.Tensor1D> => {
    const name = spellings.find((each) => names.includes(each)) ?? spellings[0];
    read.add(name);
    return weights.own(tf.tensor1d(await weights.values(name, [hiddenSize])));
  };
  // In the first files of BERT, names are those of TensorFlow.
  const norm = async (name: string): Promise<NormWeights> => ({
    gain: await vector(`${name}.weight`, `${name}.gamma`),
    bias: await vector(`${name}.bias`, `${name}.beta`),
  });
  const linear = (name: string, inputs: number, outputs: number): Promise<FrozenLinear> => {
    read.add(`${name}.weight`).add(`${name}.bias`);
    return weights.linear(name, [inputs, outputs], true);
  };
  const table = async (name: string, rows: number): Promise<Float32Array> => {
    read.add(`${prefix}embeddings.${name}.weight`);
    return weights.values(`${prefix}embeddings.${name}.weight`, [rows, hiddenSize]);
  };
  const block = async (index: number): Promise<EncoderBlock> => {
    const name = `${prefix}encoder.layer.${index}`;
    return {
      query: await linear(`${name}.attention.self.query`, hiddenSize, hiddenSize),
      key: await linear(`${name}.attention.self.key`, hiddenSize, hiddenSize),
      value: await linear(`${name}.attention.self.value`, hiddenSize, hiddenSize),
      attention: await linear(`${name}.attention.output.dense`, hiddenSize, hiddenSize),
      attentionNorm: await norm(`${name}.attention.output.LayerNorm`),
      up: await linear(`${name}.intermediate.dense`, hiddenSize, intermediateSize),
      down: await linear(`${name}.output.dense`, intermediateSize, hiddenSize),
      feedForwardNorm: await norm(`${name}.output.LayerNorm`),
    };
  };
  try {
    const words = await table('word_embeddings', vocabularySize);
    const places = await table('position_embeddings', maxPositions);
    const types = await table('token_type_embeddings', tokenTypes);
    const norms = await norm(`${prefix}embeddings.LayerNorm`);
    const blocks: EncoderBlock[] = [];
    for (let index = 0; index < config.blocks; index++) blocks.push(await block(index));
    const unused = names.find((name) => {
      const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
      return !read.has(name) && !heads.test(bare) && bare !== positionIds;
    });
    if (unused !== undefined) {
      throw new AlphaLoraError(
        'UNSUPPORTED_CHECKPOINT',
        `${checkpoint.source} has a tensor ${unused}, which is no part of a BERT encoder: what it does cannot be computed here`,
        { details: { file: checkpoint.source, tensor: unused } },
      );
    }
    return {
      config,
      embeddings: weights.own(tf.tensor2d(words, [vocabularySize, hiddenSize])),
      positions: weights.own(
        tf.tensor2d(
          places.map((value, i) => value + types[i % hiddenSize]!),
          [maxPositions, hiddenSize],
        ),
      ),
      norm: norms,
      blocks,
      dispose: weights.dispose,
    };
  } catch (error) {
    weights.dispose();
    throw error;
  }
}
