/** What configurations say of quantized weights. */
import type { DType } from '@alphalora/contracts/weights';
import { textSetting } from '../naming/config.js';
import { isFloat, type RoundedType } from '../values/rounding.js';
import type { StoredModel } from './scheme.js';

const floats: Readonly<Record<string, RoundedType>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
};

/**
 * The type that weights with scales are dequantized to: that of the scales by compressed-tensors, else that of
 * the model.
 */
export function scaledFloat(model: StoredModel, scale: DType): RoundedType {
  const own = scaleFloat(scale);
  return model.settings['quant_method'] === 'compressed-tensors' ? own : modelFloat(model, own);
}

/** The type of scales where these have two bytes or more; else BF16. */
export function scaleFloat(scale: DType): RoundedType {
  return isFloat(scale) ? scale : 'BF16';
}

/** The type that a model computes in, where its configuration says so. */
function modelFloat({ config }: StoredModel, otherwise: RoundedType): RoundedType {
  const named = textSetting(config, 'dtype', 'torch_dtype');
  return floatNamed(named) ?? otherwise;
}

/** @param name as PyTorch has it, such as `bfloat16` */
export function floatNamed(name: unknown): RoundedType | undefined {
  return typeof name === 'string' && Object.hasOwn(floats, name) ? floats[name] : undefined;
}

/** Rows and columns of blocks. */
export function blockSides({ settings }: StoredModel): number[] | undefined {
  return sidesIn(settings['weight_block_size']);
}

/** What a list of lengths says. */
export function sidesIn(value: unknown): number[] | undefined {
  const isSides =
    Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side > 0);
  return isSides ? value : undefined;
}
