/** From the tensors of a file to the weights that are handed out, fused ones split when asked to. */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { WeightTensor } from '@alphalora/contracts/weights';
import { type FusedPart, fusedParts } from '../naming/fused.js';
import { identify, type ModelConfig } from '../naming/index.js';
import type { Stacks } from '../naming/stacks.js';
import type { FileTensor } from './file-tensor.js';
import { partOf } from './part.js';

export interface WeightOptions {
  readonly config: ModelConfig | undefined;
  readonly stacks: Pick<Stacks, 'placeOf'>;
  readonly splitFused: boolean;
  /** `model_type`, by the names of all weights, for configurations that do not say. */
  readonly family?: string;
  /** What an adapter makes of a weight, before it is split. */
  readonly adapted?: (weight: WeightTensor) => WeightTensor;
}

/** The weights that a stored tensor becomes: itself, or its parts. */
export function weightsOf(tensor: FileTensor, options: WeightOptions): WeightTensor[] {
  const { config, stacks, adapted } = options;
  const { file, notMatrix, ...plain } = tensor;
  const { inputFirst, ...identity } = identify(plain.name, plain.shape, config, stacks);
  const weight: WeightTensor = {
    ...(inputFirst && !plain.outputFirst && { inputFirst }),
    ...plain,
    ...identity,
    ...(notMatrix !== undefined && { kind: 'other', notMatrix }),
  };
  return partsOrWhole(adapted ? placed(adapted(weight), options) : weight, options, file);
}

/** A weight that was described alone, with its place in the checkpoint. */
export function placed(
  { block: _, stack: __, role: ___, ...weight }: WeightTensor,
  { config, stacks }: Pick<WeightOptions, 'config' | 'stacks'>,
): WeightTensor {
  const { block, stack, role } = identify(weight.name, weight.shape, config, stacks);
  return { ...weight, ...defined({ block, stack, role }) };
}

/** A weight, or the parts that it is split into. */
export function partsOrWhole(
  weight: WeightTensor,
  { config, splitFused, family }: Pick<WeightOptions, 'config' | 'splitFused' | 'family'>,
  file: string,
): WeightTensor[] {
  // The configuration says the heads of the text model only.
  const isSplit = splitFused && weight.block !== undefined;
  const parts = isSplit ? partsIn(weight, file, config, family) : [];
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
