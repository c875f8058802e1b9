/** From the tensors of a file to the weights that are handed out, fused ones split when asked to. */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { StoredTensor, WeightDescription, WeightTensor } from '@alphalora/contracts/weights';
import { unsupported } from '../errors.js';
import { type FusedPart, fusedParts } from '../naming/fused.js';
import { identify, type ModelConfig } from '../naming/index.js';
import { partOf } from './part.js';
import { noted } from './recipe.js';

/** A tensor and the name of the file that holds it. */
export interface FileTensor extends StoredTensor {
  readonly file: string;
}

export interface WeightOptions {
  readonly config: ModelConfig | undefined;
  readonly splitFused: boolean;
  /** `model_type`, by the names of all weights, for configurations that do not say. */
  readonly family?: string;
  /** Whether the checkpoint has a tensor of this name. */
  readonly has: (name: string) => boolean;
  /** What an adapter makes of a weight, before it is split. */
  readonly adapted?: (weight: WeightTensor) => WeightTensor;
}

/** The weights that a stored tensor becomes: itself, or its parts. */
export function weightsOf(tensor: FileTensor, options: WeightOptions): WeightTensor[] {
  const { config, has, adapted } = options;
  const { file, ...plain } = tensor;
  const { inputFirst, ...identity } = identify(plain.name, plain.shape, config);
  const weight = {
    ...plain,
    ...identity,
    ...(inputFirst && !plain.outputFirst && { inputFirst }),
  };
  const { read: _, readInto: __, ...description } = weight;
  const stored = isScaled(tensor, has) ? withoutValues(description, file) : weight;
  return partsOrWhole(adapted ? adapted(stored) : stored, options, file);
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

/** 8-bit floats with a tensor of scales beside them: the stored numbers are not the weights. */
function isScaled({ name, dtype }: StoredTensor, has: WeightOptions['has']): boolean {
  return dtype.startsWith('F8') && (has(`${name}_scale_inv`) || has(`${name}_scale`));
}

/** The weight, which can be listed but not read. */
export function withoutValues(weight: WeightDescription, file: string): WeightTensor {
  const unread: WeightTensor = {
    ...weight,
    async read() {
      throw unsupported(
        'its 8-bit floats go with a tensor of scales; convert the checkpoint to BF16 first',
        { file, tensor: weight.name },
      );
    },
  };
  return noted(unread, { from: 'refusal', file });
}
