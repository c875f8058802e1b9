/** Weights that are already in memory, e.g. read back from a TensorFlow.js model. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { DType, WeightDescription, WeightTensor } from '@alphalora/contracts/weights';

export interface InMemoryWeight extends Omit<WeightDescription, 'dtype' | 'kind'> {
  /** Row-major, as many as the shape says. */
  values: Float32Array | Float64Array;
  dtype?: DType;
  /** @default 'projection' */
  kind?: WeightDescription['kind'];
}

/** @throws AlphaLoraError `INVALID_OPTION` when the values do not fill the shape */
export function weightFromValues(weight: InMemoryWeight): WeightTensor {
  const { values, kind = 'projection', ...rest } = weight;
  const size = weight.shape.reduce((product, length) => product * length, 1);
  if (values.length !== size) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${weight.name}: ${values.length} values do not fill the shape [${weight.shape.join(', ')}]`,
      { details: { tensor: weight.name } },
    );
  }
  const dtype = weight.dtype ?? (values instanceof Float64Array ? 'F64' : 'F32');
  const read = async (start = 0, end = size): Promise<Float32Array | Float64Array> =>
    values.subarray(start, end);
  return { ...rest, dtype, kind, read };
}
