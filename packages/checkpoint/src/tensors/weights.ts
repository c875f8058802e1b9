/** From the tensors of a file to the weights that are handed out, fused ones split when asked to. */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { CastType, WeightTensor } from '@alphalora/contracts/weights';
import { fusedParts } from '../naming/fused/index.js';
import { identify, type ModelConfig } from '../naming/index.js';
import type { Stacks } from '../naming/stacks.js';
import { unreadTypes } from '../values/decoders.js';
import { castWeight } from './cast.js';
import type { FileTensor } from './file-tensor.js';
import { partOf } from './part.js';

export interface WeightOptions {
  readonly config: ModelConfig | undefined;
  readonly stacks: Pick<Stacks, 'placeOf'>;
  readonly splitFused: boolean;
  /** `model_type`, by the names of all weights, for configurations that do not say. */
  readonly family?: string;
  /** Told of fused projections beside the model's blocks that stay whole. */
  readonly onNote?: (note: string) => void;
  /** What it is rounded to, before anything is made of it. */
  readonly cast?: CastType;
  /** What an adapter makes of a weight, before it is split. */
  readonly adapted?: (weight: WeightTensor) => WeightTensor;
}

/** The weights that a stored tensor becomes: itself, or its parts. */
export function weightsOf(tensor: FileTensor, options: WeightOptions): WeightTensor[] {
  const { config, stacks, cast, adapted } = options;
  const { file, notMatrix, ...plain } = tensor;
  const { inputFirst, ...identity } = identify(plain.name, plain.shape, config, stacks);
  const unreadable = plain.unreadable ?? unreadTypes[plain.dtype];
  const stored: WeightTensor = {
    ...(inputFirst && !plain.outputFirst && { inputFirst }),
    ...plain,
    ...identity,
    ...defined({ unreadable }),
    ...(notMatrix !== undefined && { kind: 'other', notMatrix }),
  };
  const weight = cast ? castWeight(stored, cast) : stored;
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

type SplitOptions = Pick<WeightOptions, 'config' | 'splitFused' | 'family' | 'onNote'>;

/**
 * A weight, or the parts that it is split into. One that cannot be split is an error in the model's blocks,
 * and stays whole, with a note, in a stack beside them.
 */
export function partsOrWhole(
  weight: WeightTensor,
  { config, splitFused, family, onNote }: SplitOptions,
  file: string,
): WeightTensor[] {
  if (!splitFused) return [weight];
  try {
    const parts = fusedParts(weight, config, family);
    return parts.length > 0 ? parts.map((part) => partOf(weight, part)) : [weight];
  } catch (cause) {
    if (!isAlphaLoraError(cause)) throw cause;
    if (weight.block === undefined && onNote) {
      // The same of each block.
      const module = weight.name.replace(/(?<=\.)\d+(?=\.)/g, '*');
      onNote(`${module} stays whole: ${cause.details['reason']}`);
      return [weight];
    }
    const details = { file, tensor: weight.name };
    throw new AlphaLoraError(cause.code, `${file}: ${cause.message}`, { details, cause });
  }
}
