/** What configurations say of quantized weights. */
import type { DType } from '@alphalora/contracts/weights';
import { textSetting } from '../naming/config.js';
import type { RoundedType } from '../values/rounding.js';
import type { StoredModel } from './scheme.js';

const floats: Readonly<Record<string, RoundedType>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
};

/**
 * The type that a model computes in: that of its configuration; else that of the scales, where these have
 * two bytes or more; else BF16.
 */
export function modelFloat({ config }: StoredModel, scale: DType): RoundedType {
  const named = textSetting(config, 'dtype', 'torch_dtype');
  if (named !== undefined && Object.hasOwn(floats, named)) return floats[named]!;
  return scale === 'F32' || scale === 'F16' || scale === 'BF16' ? scale : 'BF16';
}
