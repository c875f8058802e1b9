/** From the tensors of a file to the weights that are handed out, fused ones split when asked to. */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { WeightTensor } from '@alphalora/contracts/weights';
import { type FusedPart, fusedParts } from '../naming/fused.js';
import { identify, type ModelConfig } from '../naming/index.js';
import type { FileTensor } from './file-tensor.js';
import { partOf } from './part.js';

export interface WeightOptions {
  readonly config: ModelConfig | undefined;
  readonly splitFused: boolean;
  /** `model_type`, by the names of all weights, for configurations that do not say. */
  readonly family?: string;
  /** What an adapter makes of a weight, before it is split. */
  readonly adapted?: (weight: WeightTensor) => WeightTensor;
}

/** The weights that a stored tensor becomes: itself, or its parts. */
export function weightsOf(tensor: FileTensor, options: WeightOptions): WeightTensor[] {
  const { config, adapted } = options;
  const { file, notMatrix, ...plain } = tensor;
  const { inputFirst, ...identity } = identify(plain.name, plain.shape, config);
  const weight: WeightTensor = {
    ...(inputFirst && !plain.outputFirst && { inputFirst }),
    ...plain,
    ...identity,
    ...(notMatrix !== undefined && { kind: 'other', notMatrix }),
  };
  return partsOrWhole(adapted ? adapted(weight) : weight, options, file);
}

/** A weight, or the parts that it is split into. */
export function partsOrWhole(
  weight: WeightTensor,
  { config, splitFused, family }: Pick<WeightOptions, 'config' | 'splitFused' | 'family'>,
  file: string,
): WeightTensor[] {
  const parts = splitFused ? partsIn(weight, file, config, family) : [];
  return parts.length > 0 ? parts.map((part) => partOf(weight, part)) : [weight];
}

/** Adds the file to errors, which know the tensor only. */
function partsIn(
  weight: WeightTensor,
  file: string,
  config: ModelConfig | undefined,
  family: string | undefined,
): FusedPart[] {
  try {
    return fusedParts(weight, config, family);
  } catch (cause) {
    if (!isAlphaLoraError(cause)) throw cause;
    const details = { file, tensor: weight.name };
    throw new AlphaLoraError(cause.code, `${file}: ${cause.message}`, { details, cause });
  }
}
