/** Tensors on their way from a file to the weights of a checkpoint. */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { unsupported } from '../errors.js';
import { noted } from './recipe.js';

/** A tensor and the name of the file that holds it, with what is known of it by then. */
export interface FileTensor extends StoredTensor {
  readonly file: string;
  /** The scheme of a weight that is made of several stored tensors; see `WeightDescription`. */
  readonly quantization?: string;
  readonly unreadable?: string;
  readonly notMatrix?: string;
  /** Whether it is `[in, out]`, where that does not follow from its name. */
  readonly inputFirst?: true;
}

/** A tensor that can be listed but not read. */
export function withoutValues<Description extends Omit<StoredTensor, 'read'>>(
  description: Description,
  reason: string,
  file: string,
): Description & StoredTensor {
  const unread = {
    ...description,
    async read(): Promise<never> {
      throw unsupported(reason, { file, tensor: description.name });
    },
  };
  return noted(unread, { from: 'refusal', file, reason });
}
