/**
 * A decoder in memory: weights as tensors of the current backend. Those of a checkpoint are frozen;
 * weights that are variables learn.
 */
import type { Checkpoint } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import { transposed as valuesTransposed } from '@alphalora/contracts/weights';
import * as tf from '@tensorflow/tfjs';
import { bothLayouts, createFrozenLinear, type FrozenLinear } from '../ops/frozen-linear.js';
import type { Linear } from '../ops/linear.js';
import { tidied } from '../ops/tidied.js';
import {
  type BlockConfig,
  type DecoderConfig,
  decoderConfig,
  type NormDescription,
  type NormPlace,
} from './config.js';
import type { Norm } from './norm.js';

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
  /** By role. */
  readonly projections: Readonly<Record<string, Linear>>;
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
  const kept: tf.Tensor[] = [];
  const own = <T extends tf.Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor));
    return tensor;
  };
  const dispose = (): void => tf.dispose(kept);
  const read = (name: string, shape: readonly number[]): Promise<Float32Array> =>
    readValues(checkpoint, name, shape);
  const norm = async ({ name, size }: NormDescription): Promise<Norm> => {
    const gains = await read(`${name}.weight`, [size]);
    return { gain: own(tf.tensor1d(gains.map((gain) => gain + config.norm.offset))) };
  };
  const linear = async (
    name: string,
    [inputs, outputs]: readonly [number, number],
    hasBias: boolean,
  ): Promise<FrozenLinear> => {
    const weight = await read(`${name}.weight`, [outputs, inputs]);
    const bias = hasBias ? await read(`${name}.bias`, [outputs]) : undefined;
    return tidied(() => {
      const map = createFrozenLinear(
        tf.tensor2d(weight, [outputs, inputs]),
        bias && tf.tensor1d(bias),
      );
      for (const tensor of Object.values(map)) own(tensor);
      return map;
    });
  };
  const block = async (described: BlockConfig): Promise<DecoderBlock> => {
    const projections: Record<string, Linear> = {};
    for (const { name, role, inputs, outputs, bias } of described.projections) {
      projections[role] = await linear(name, [inputs, outputs], bias);
    }
    const norms: Partial<Record<NormPlace, Norm>> = {};
    for (const [place, description] of Object.entries(described.norms)) {
      norms[place as NormPlace] = await norm(description);
    }
    return { norms, projections };
  };
  try {
    const { hiddenSize, vocabularySize, names } = config;
    const table = await read(`${names.embeddings}.weight`, [vocabularySize, hiddenSize]);
    const embeddings = own(tf.tensor2d(table, [vocabularySize, hiddenSize]));
    const blocks: DecoderBlock[] = [];
    for (const described of config.blocks) blocks.push(await block(described));
    return {
      config,
      embeddings,
      blocks,
      norm: await norm({ name: names.norm, size: hiddenSize }),
      output: config.tiedEmbeddings
        ? tiedOutput(embeddings, own)
        : await linear(names.output, [hiddenSize, vocabularySize], false),
      dispose,
    };
  } catch (error) {
    dispose();
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

async function readValues(
  checkpoint: Checkpoint,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const details = { file: checkpoint.source, tensor: name };
  const stored = checkpoint.tensors.find((tensor) => tensor.name === name);
  if (!stored) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `${checkpoint.source} has no tensor ${name}, which its config.json asks for`,
      { details },
    );
  }
  // Some programs of quantization store linear maps the other way round.
  const expected = stored.inputFirst ? shape.toReversed() : shape;
  if (stored.shape.join() !== expected.join()) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `${checkpoint.source}: ${name} has shape [${stored.shape.join(', ')}], by config.json it is [${expected.join(', ')}]`,
      { details },
    );
  }
  const read = await stored.read();
  const values = read instanceof Float32Array ? read : Float32Array.from(read);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad === -1) {
    if (!stored.inputFirst) return values;
    return valuesTransposed(values, shape[1]!, shape[0]!);
  }
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${checkpoint.source}: ${name} has ${values[bad]} at [${indicesOf(bad, expected)}], and a model with NaN or infinity in its weights computes nothing else: download or convert it again`,
    { details },
  );
}

function indicesOf(position: number, shape: readonly number[]): string {
  let rest = position;
  const indices = shape.toReversed().map((length) => {
    const index = rest % length;
    rest = (rest - index) / length;
    return index;
  });
  return indices.reverse().join(', ');
}
