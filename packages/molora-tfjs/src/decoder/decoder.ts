/**
 * A decoder in memory: weights as tensors of the current backend. Those of a checkpoint are frozen;
 * weights that are variables learn.
 */
import type { Checkpoint } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { bothLayouts, type FrozenLinear } from '../ops/frozen-linear.js';
import type { Linear } from '../ops/linear.js';
import { type ReadableTensor, weightLoader } from '../weights/weight-loader.js';
import type { BlockConfig, DecoderConfig, NormDescription, NormPlace } from './config.js';
import { decoderConfig } from './families/index.js';
import type { Norm } from './norm.js';
import { unstackedExperts } from './unstacked-experts.js';

export interface Decoder {
  readonly config: DecoderConfig;
  /** [vocabulary, hidden size] */
  readonly embeddings: tf.Tensor2D;
  /** What is added to them, [positions, hidden size]; absent where positions are rotations. */
  readonly positions?: tf.Tensor2D;
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
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture or weights in its blocks that are not
 *   used, `INVALID_CHECKPOINT` when weights and configuration do not fit, or a weight is no finite float32
 */
export async function loadDecoder(
  checkpoint: Checkpoint,
  configJson: unknown = checkpoint.config,
): Promise<Decoder> {
  const { source } = checkpoint;
  const read = new Set<string>();
  const tensors = checkpoint.tensors.map((tensor) => noted(tensor, read));
  const config = decoderConfig(configJson, tensors);
  const weights = weightLoader({
    source,
    tensors: [...tensors, ...unstackedExperts(tensors, config)],
  });
  const norm = async ({ name, size }: NormDescription): Promise<Norm> => {
    const gains = await weights.values(`${name}.weight`, [size]);
    const gain = weights.own(tf.tensor1d(gains.map((gain) => gain + config.norm.offset)));
    if (config.norm.kind === 'rms') return { gain };
    return { gain, bias: weights.own(tf.tensor1d(await weights.values(`${name}.bias`, [size]))) };
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
    const { hiddenSize, vocabularySize, maxPositions, names } = config;
    const table = await weights.values(`${names.embeddings}.weight`, [vocabularySize, hiddenSize]);
    const embeddings = weights.own(tf.tensor2d(table, [vocabularySize, hiddenSize]));
    const learned =
      names.positions === undefined
        ? undefined
        : await weights.values(`${names.positions}.weight`, [maxPositions, hiddenSize]);
    const positions = learned && weights.own(tf.tensor2d(learned, [maxPositions, hiddenSize]));
    const blocks: DecoderBlock[] = [];
    for (const described of config.blocks) blocks.push(await block(described));
    const decoder: Decoder = {
      config,
      embeddings,
      ...(positions && { positions }),
      blocks,
      norm: await norm({ name: names.norm, size: hiddenSize }),
      output: config.tiedEmbeddings
        ? tiedOutput(embeddings, weights.own)
        : await weights.linear(names.output, [hiddenSize, vocabularySize], false),
      dispose: weights.dispose,
    };
    refuseUnused(checkpoint, config, read);
    return decoder;
  } catch (error) {
    weights.dispose();
    throw error;
  }
}

/** The tensor, whose name is added to `read` once its numbers are asked for. */
function noted(tensor: ReadableTensor, read: Set<string>): ReadableTensor {
  return {
    ...tensor,
    read: (...range) => {
      read.add(tensor.name);
      return tensor.read(...range);
    },
  };
}

/**
 * Weights of blocks that nothing was computed with: the model is another than its config.json says. Causal masks,
 * which early files of GPT-2 and GPT-NeoX have as `attn.bias`, are matrices, and biases are vectors.
 */
function refuseUnused(
  { tensors, source }: Checkpoint,
  { blocks, modelType }: DecoderConfig,
  read: ReadonlySet<string>,
): void {
  const prefixes = blocks.map(({ name }) => `${name}.`);
  const unused = tensors.find(
    ({ name, shape }) =>
      (name.endsWith('.weight') || (name.endsWith('.bias') && shape.length === 1)) &&
      !read.has(name) &&
      prefixes.some((prefix) => name.startsWith(prefix)),
  );
  if (!unused) return;
  throw new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${source} has ${unused.name}, which a model of the type ${modelType} with the settings of its config.json does not use: it is a model of another kind, and would be computed without this weight`,
    { details: { file: source, tensor: unused.name } },
  );
}

/** The output layer of tied embeddings, which it does not own. */
function tiedOutput(
  embeddings: tf.Tensor2D,
  own: <T extends tf.Tensor>(tensor: T) => T,
): FrozenLinear {
  const { kernel } = bothLayouts({ transposed: embeddings });
  return { transposed: embeddings, ...(kernel && { kernel: own(kernel) }) };
}
