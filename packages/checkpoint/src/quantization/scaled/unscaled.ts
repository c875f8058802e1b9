/**
 * 8-bit floats that no scheme reads: numbers as they are, which is what a cast leaves, unless something says
 * that they are codes. A tensor beside them that may be their scale does, under whatever name; so do a
 * configuration of quantization, scales of inputs, and other 8-bit floats of the model that have scales.
 */
import { elementTypes } from '@alphalora/contracts/weights';
import { quoted } from '../../errors.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { elementCount } from '../../values/sizes.js';
import { moduleAndParameter, type StoredModel } from '../scheme.js';
import { blockSides } from '../settings.js';
import { isFloat8 } from './codes.js';
import { fittingGrid } from './grid.js';

export interface Unscaled {
  readonly quantization: string;
  /** Why they are not numbers as they are, and what to do. */
  readonly unreadable?: string;
  /** What may be their scale. */
  readonly companion?: FileTensor;
}

const anotherOne = 'measure the original, or a copy that the program that made it saved in BF16';

const missing = `FP8 whose scale is missing: give the model with all of its files, or ${anotherOne}`;

/** Parameters that hold no scales of weights, whatever their shapes. */
const ofOthers = /bias|^logit_scale$/;

/** Scales of what goes into a module or comes out of it, as programs that quantize activations name them. */
const ofActivations =
  /^(in(put)?|out(put)?|act(ivation)?|[qkv]|kv|prob_output)_(global_)?scales?(_ub|_inv)?$|^q?scale_(in(put)?|out(put)?|act)$/;

const isNamedScale = (parameter: string): boolean => /scale/i.test(parameter);

/**
 * What is known of each of the 8-bit floats among the tensors that no scheme reads.
 *
 * @param hasScales whether other 8-bit floats of the model have scales
 */
export function unscaledFloats(
  tensors: readonly FileTensor[],
  model: StoredModel,
  hasScales: boolean,
): Map<FileTensor, Unscaled> {
  const codes = tensors.filter(({ dtype }) => isFloat8(dtype));
  const beside = codes.length > 0 ? scalesByModule(tensors) : new Map<string, Beside>();
  const areCodes = hasScales || Object.keys(model.settings).length > 0;
  return new Map(
    codes.map((tensor) => [tensor, unscaledFloat(tensor, { beside, areCodes, model })]),
  );
}

/** What lies in a module that may say that its weights are codes. */
interface Beside {
  readonly scales: FileTensor[];
  ofActivations: boolean;
}

function scalesByModule(tensors: readonly FileTensor[]): Map<string, Beside> {
  const modules = new Map<string, Beside>();
  for (const tensor of tensors) {
    const [module, parameter] = moduleAndParameter(tensor.name);
    const beside = modules.get(module) ?? { scales: [], ofActivations: false };
    modules.set(module, beside);
    if (ofActivations.test(parameter)) beside.ofActivations = true;
    else if (mayBeScale(tensor, parameter)) beside.scales.push(tensor);
  }
  return modules;
}

function mayBeScale({ dtype }: FileTensor, parameter: string): boolean {
  if (ofOthers.test(parameter)) return false;
  const isWider = elementTypes[dtype].values === 'float' && !isFloat8(dtype);
  return isWider || isNamedScale(parameter);
}

function unscaledFloat(
  { name, shape, dtype }: FileTensor,
  {
    beside,
    areCodes,
    model,
  }: { beside: ReadonlyMap<string, Beside>; areCodes: boolean; model: StoredModel },
): Unscaled {
  const quantization = `FP8, ${dtype.replace('F8_', '')}`;
  if (shape.length < 2 || elementCount(shape) === 0) return { quantization };
  const [module] = moduleAndParameter(name);
  const inModule = beside.get(module);
  const near = [...(inModule?.scales ?? []), ...(beside.get(name)?.scales ?? [])].filter(
    (each) => each.name !== name,
  );
  const companion =
    near.find((each) => isNamedScale(each.name.slice(module.length))) ??
    // Tensors that are in no module have nothing to do with one another.
    (module === '' ? undefined : near.find((each) => fits(shape, each, model)));
  if (companion) {
    const called = quoted(companion.name.slice(module === '' ? 0 : module.length + 1).slice(0, 40));
    const unreadable = `FP8 beside ${called}, which may be its scale and is not a name that is known: call it weight_scale if the weight is to be multiplied by it, or ${anotherOne}`;
    return { quantization, unreadable, companion };
  }
  return areCodes || inModule?.ofActivations
    ? { quantization, unreadable: missing }
    : { quantization };
}

/** Whether there is one for all, for each row or column, or for each block. */
function fits(shape: readonly number[], scale: FileTensor, model: StoredModel): boolean {
  const isOfColumns = scale.shape.length === 1 && scale.shape[0] === shape.at(-1);
  return isOfColumns || fittingGrid(shape, scale, blockSides(model)) !== undefined;
}
