/**
 * The tensors of a checkpoint with those that make up a quantized weight as that weight: it takes the place
 * of its codes, with the name and the shape of the original and in the type that the program of its scheme
 * dequantizes to. What lies beside the codes (scales, zero points) stays in the list, as no weight.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { invalid, quoted } from '../errors.js';
import { isObject } from '../json.js';
import type { ModelConfig } from '../naming/index.js';
import { LONGEST_NAME } from '../naming/tables.js';
import { type FileTensor, withoutValues } from '../tensors/file-tensor.js';
import { readRange } from '../tensors/range.js';
import { noted, type StoredRecipe, storedRecipeOf } from '../tensors/recipe.js';
import { elementCount } from '../values/sizes.js';
import { decodeElements } from './decoding.js';
import { isFloat8 } from './scaled/codes.js';
import { unscaledFloats } from './scaled/unscaled.js';
import {
  type FoundWeight,
  moduleAndParameter,
  type Scheme,
  type StoredModel,
  type UnreadableWeight,
} from './scheme.js';
import { decodingOf, schemes } from './schemes.js';

/**
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the checkpoint has a weight in parts and whole
 */
export async function dequantized(
  tensors: readonly FileTensor[],
  config: ModelConfig = {},
  metadata: StoredModel['metadata'] = {},
  signal?: AbortSignal,
): Promise<FileTensor[]> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const settings = config['quantization_config'] ?? config['quantization'];
  const model: StoredModel = {
    config,
    settings: isObject(settings) ? settings : {},
    metadata,
    get: (name) => byName.get(name),
    ...defined({ signal }),
  };
  const weights = new Map<FileTensor, FileTensor>();
  const companions = new Map<object, string>();
  const found = await Promise.all(tensors.map((tensor) => weightOf(tensor, model, companions)));
  for (const [i, tensor] of tensors.entries()) {
    const weight = found[i];
    if (!weight) continue;
    if (weight.name !== tensor.name && byName.has(weight.name)) {
      throw invalid(`the weight ${quoted(weight.name)} is there whole too; keep one of them`, {
        file: tensor.file,
        tensor: tensor.name,
      });
    }
    weights.set(tensor, weight);
  }
  const others = tensors.filter((tensor) => !weights.has(tensor) && !companions.has(tensor));
  const hasScales = [...weights.keys()].some(({ dtype }) => isFloat8(dtype));
  const unscaled = unscaledFloats(others, model, hasScales);
  for (const { companion, quantization } of unscaled.values()) {
    if (companion) companions.set(companion, partOf(quantization));
  }
  return tensors.map((tensor) => {
    const weight = weights.get(tensor);
    if (weight) return weight;
    const notMatrix = companions.get(tensor);
    if (notMatrix !== undefined) return { ...tensor, notMatrix };
    const { quantization, unreadable } = unscaled.get(tensor) ?? {};
    if (quantization === undefined) return tensor;
    const { name, shape, dtype, file } = tensor;
    return unreadable === undefined
      ? { ...tensor, quantization }
      : {
          ...withoutValues({ name, shape, dtype, quantization, unreadable }, unreadable, file),
          file,
        };
  });
}

/** Why what lies beside the codes of a weight is none. */
function partOf(quantization: string): string {
  return `a part of quantized weights (${quantization})`;
}

/** @param companions is told what the weight is made of, and in which scheme */
async function weightOf(
  codes: FileTensor,
  model: StoredModel,
  companions: Map<object, string>,
): Promise<FileTensor | undefined> {
  if (codes.name.length > LONGEST_NAME) return undefined;
  const [, parameter] = moduleAndParameter(codes.name);
  for (const scheme of schemes) {
    const found = scheme.codes.test(parameter) ? await scheme.find(codes, model) : undefined;
    if (!found) continue;
    const { file } = codes;
    const { name, quantization } = found;
    for (const part of Object.values(found.parts)) {
      companions.set(part, partOf(quantization));
    }
    return 'unreadable' in found
      ? { ...withoutValues(descriptionOf(found), found.unreadable, file), file }
      : {
          ...foundTensor(scheme, found, file),
          name,
          file,
          quantization,
          ...(found.inputFirst && { inputFirst: true }),
          ...(found.outputFirst && { outputFirst: true }),
        };
  }
  return undefined;
}

function foundTensor(
  scheme: Scheme,
  { name, parts, layout }: FoundWeight,
  file: string,
): StoredTensor {
  const stored = Object.entries(parts as Record<string, StoredTensor>);
  const identities = stored.map(([part, { identity }]) => identity && `${part} ${identity}`);
  const identity = identities.includes(undefined)
    ? undefined
    : [...identities, scheme.name, JSON.stringify(layout)].join(' ');
  const tensor = quantizedTensor(
    { scheme: scheme.name, parts: Object.fromEntries(stored), layout },
    { name, file },
    identity,
  );
  const recipes = stored.map(([part, each]) => [part, storedRecipeOf(each)] as const);
  return noted(
    tensor,
    recipes.some(([, recipe]) => !recipe)
      ? undefined
      : {
          from: 'quantized',
          file,
          scheme: scheme.name,
          parts: Object.fromEntries(recipes) as Record<string, StoredRecipe>,
          layout,
        },
  );
}

/** A tensor whose values are made of its parts where they are asked for. */
export function quantizedTensor(
  made: { scheme: string; parts: Readonly<Record<string, StoredTensor>>; layout: object },
  { name, file }: { name: string; file: string },
  identity?: string,
): StoredTensor {
  const decoding = decodingOf(made.scheme, made.parts, made.layout);
  const { shape, dtype } = decoding;
  const count = elementCount(shape);
  return {
    name,
    shape,
    dtype,
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], (target) =>
        decodeElements(decoding, target, start, signal),
      ),
    ...defined({ identity }),
  };
}

function descriptionOf({ name, shape, dtype, quantization, unreadable }: UnreadableWeight) {
  return { name, shape, dtype, quantization, unreadable };
}
