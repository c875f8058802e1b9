/** Weights whose parts contradict one another. */
import { quoted } from '../errors.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import { moduleAndParameter, type UnreadableWeight } from './scheme.js';

/**
 * The weight of codes that are listed but cannot be read, as another part does not fit them: where one
 * module of a checkpoint is damaged, the others can still be measured.
 */
export function misfit(
  codes: FileTensor,
  { name, quantization, parts }: Pick<UnreadableWeight, 'name' | 'quantization' | 'parts'>,
  part: FileTensor,
): UnreadableWeight {
  const { shape, dtype } = codes;
  // Without the module, so that modules of one damage are told together.
  const [module] = moduleAndParameter(name);
  const what = `${quoted(part.name.slice(module === '' ? 0 : module.length + 1))} of ${part.dtype} [${part.shape}]`;
  return {
    name,
    quantization,
    parts,
    shape,
    dtype,
    unreadable: `${what} does not fit codes of ${dtype} [${shape}]: download or export it again`,
  };
}
