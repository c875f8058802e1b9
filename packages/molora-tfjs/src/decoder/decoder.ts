/**
 * A decoder in memory: weights as tensors of the current backend. Those of a checkpoint are frozen;
 * weights that are variables learn.
 */
import type { Checkpoint } from '@alphalora/checkpoint';
import * as tf from '@tensorflow/tfjs';
import { bothLayouts, type FrozenLinear } from '../ops/frozen-linear.js';
import type { Linear } from '../ops/linear.js';
import { weightLoader } from '../weights/weight-loader.js';
import {
  type BlockConfig,
  type DecoderConfig,
  decoderConfig,
  type NormDescription,
  type NormPlace,
} from './config.js';
import type { Norm } from './norm.js';
import { unstackedExperts } from './unstacked-experts.js';

export interface Decoder {
  readonly config: DecoderConfig;
  /** [vocabulary, hidden size] */
  readonly embeddings: tf.Tensor2D;
  readonly blocks: readonly DecoderBlock[];
  /** The last normalisation. */
  readonly norm: Norm;
  /** To logits, [hidden size, vocabulary]. */
  readonly output: Linear;
  /** Frees all tensors. */
  dispose(): void;
}

export interface DecoderBlock {
  readonly norms: Readonly<Partial<Record<NormPlace, Norm>>>;
  /** By name. */
  readonly projections: Readonly<Record<string, Linear>>;
  /** Of a mixture: from states to experts. */
  readonly router?: FrozenLinear;
}

/**
 * Reads the weights, in float32: 4 bytes a parameter; embeddings that are the output layer, too, lie in
 * memory twice on WebAssembly.
 *
 * @param checkpoint of the layout that transformers saves; may have been closed afterwards
 * @param configJson the parsed config.json. @default the checkpoint's own
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture, `INVALID_CHECKPOINT` when
 *   weights and configuration do not fit, or a weight is no finite float32
 */
export async function loadDecoder(
  checkpoint: Checkpoint,
  configJson: unknown = checkpoint.config,
): Promise<Decoder> {
  const config = decoderConfig(configJson);
  const { source, tensors } = checkpoint;
  const weights = weightLoader({
    source,
    tensors: [...tensors, ...unstackedExperts(tensors, config)],
  });
  const norm = async ({ name, size }: NormDescription): Promise<Norm> => {
    const gains = await weights.values(`${name}.weight`, [size]);
    return { gain: weights.own(tf.tensor1d(gains.map((gain) => gain + config.norm.offset))) };
  };
  const block = async (described: BlockConfig): Promise<DecoderBlock> => {
    const projections: Record<string, Linear> = {};
    for (const { name, inputs, outputs, bias } of described.projections) {
      projections[name] = await weights.linear(name, [inputs, outputs], bias);
    }
    const norms: Partial<Record<NormPlace, Norm>> = {};
    for (const [place, description] of Object.entries(described.norms)) {
      norms[place as NormPlace] = await norm(description);
    }
    const { feedForward } = described;
    if (feedForward.kind !== 'mixture') return { norms, projections };
    const { router, experts } = feedForward;
    return {
      norms,
      projections,
      router: await weights.linear(router, [config.hiddenSize, experts], false),
    };
  };
  try {
    const { hiddenSize, vocabularySize, names } = config;
    const table = await weights.values(`${names.embeddings}.weight`, [vocabularySize, hiddenSize]);
    const embeddings = weights.own(tf.tensor2d(table, [vocabularySize, hiddenSize]));
    const blocks: DecoderBlock[] = [];
    for (const described of config.blocks) blocks.push(await block(described));
    return {
      config,
      embeddings,
      blocks,
      norm: await norm({ name: names.norm, size: hiddenSize }),
      output: config.tiedEmbeddings
        ? tiedOutput(embeddings, weights.own)
        : await weights.linear(names.output, [hiddenSize, vocabularySize], false),
      dispose: weights.dispose,
    };
  } catch (error) {
    weights.dispose();
    throw error;
  }
}

/** The output layer of tied embeddings, which it does not own. */
function tiedOutput(
  embeddings: tf.Tensor2D,
  own: <T extends tf.Tensor>(tensor: T) => T,
): FrozenLinear {
  const { kernel } = bothLayouts({ transposed: embeddings });
  return { transposed: embeddings, ...(kernel && { kernel: own(kernel) }) };
}
