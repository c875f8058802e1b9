/** Weights of a checkpoint as tensors of the current backend, by the names and shapes that a configuration asks for. */
import { AlphaLoraError } from '@alphalora/contracts';
import { transposed, type WeightTensor } from '@alphalora/contracts/weights';
import * as tf from '@tensorflow/tfjs';
import { createFrozenLinear, type FrozenLinear } from '../ops/frozen-linear.js';
import { tidied } from '../ops/tidied.js';

/** What is read of a tensor. */
export type ReadableTensor = Pick<WeightTensor, 'name' | 'shape' | 'read' | 'inputFirst'>;

/** Tensors by their names; of the same one the first counts. */
export interface ReadableWeights {
  /** For messages. */
  readonly source: string;
  readonly tensors: readonly ReadableTensor[];
}

export interface WeightLoader {
  /** Keeps a tensor until `dispose`. */
  own<T extends tf.Tensor>(tensor: T): T;
  /**
   * The numbers of a tensor, row-major.
   *
   * @throws AlphaLoraError `INVALID_CHECKPOINT` where it is missing, of another shape or not finite
   */
  values(name: string, shape: readonly number[]): Promise<Float32Array>;
  /** A linear map of its `weight`, [outputs, inputs], and its `bias`. */
  linear(
    name: string,
    shape: readonly [inputs: number, outputs: number],
    hasBias: boolean,
  ): Promise<FrozenLinear>;
  /** Frees all tensors. */
  dispose(): void;
}

export function weightLoader({ source, tensors }: ReadableWeights): WeightLoader {
  const stored = new Map(tensors.toReversed().map((tensor) => [tensor.name, tensor]));
  const kept: tf.Tensor[] = [];
  const own = <T extends tf.Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor));
    return tensor;
  };
  const values = (name: string, shape: readonly number[]): Promise<Float32Array> =>
    readValues(stored.get(name), { name, source }, shape);
  return {
    own,
    values,
    async linear(name, [inputs, outputs], hasBias) {
      const weight = await values(`${name}.weight`, [outputs, inputs]);
      const bias = hasBias ? await values(`${name}.bias`, [outputs]) : undefined;
      return tidied(() => {
        const map = createFrozenLinear(
          tf.tensor2d(weight, [outputs, inputs]),
          bias && tf.tensor1d(bias),
        );
        for (const tensor of Object.values(map)) own(tensor);
        return map;
      });
    },
    dispose: () => tf.dispose(kept),
  };
}

async function readValues(
  stored: ReadableTensor | undefined,
  { name, source }: { name: string; source: string },
  shape: readonly number[],
): Promise<Float32Array> {
  const details = { file: source, tensor: name };
  if (!stored) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `${source} has no tensor ${name}, which its config.json asks for`,
      { details },
    );
  }
  // Some programs of quantization store linear maps the other way round.
  const expected = stored.inputFirst ? shape.toReversed() : shape;
  if (stored.shape.join() !== expected.join()) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `${source}: ${name} has shape [${stored.shape.join(', ')}], by config.json it is [${expected.join(', ')}]`,
      { details },
    );
  }
  const read = await stored.read();
  const values = read instanceof Float32Array ? read : Float32Array.from(read);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad === -1) {
    if (!stored.inputFirst) return values;
    return transposed(values, shape[1]!, shape[0]!);
  }
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${source}: ${name} has ${values[bad]} at [${indicesOf(bad, expected)}], and a model with NaN or infinity in its weights computes nothing else: download or convert it again`,
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
