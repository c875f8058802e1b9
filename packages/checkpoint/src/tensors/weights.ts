/** From the tensors of a file to the weights that are handed out, fused ones split when asked to. */
import type { ByteSource, WeightTensor } from '@alphalora/contracts';
import { bytesPerElement, elementCount } from '../dtypes.js';
import { unsupported } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { ModelNaming, Naming } from '../naming/describe.js';
import { type FusedLayout, partPatterns } from '../naming/fused.js';
import type { StoredTensor } from '../safetensors/header.js';
import { partOf } from './part.js';
import { checkRange, type Elements, readRange, storedElements } from './stored.js';

/** A tensor and the file that holds it. */
export interface PlacedTensor extends StoredTensor {
  readonly source: ByteSource;
}

export interface WeightOptions {
  readonly config: JsonObject | undefined;
  /** Whether the checkpoint has a tensor of this name. */
  readonly has: (name: string) => boolean;
  readonly splitFused: boolean;
}

/** The weights that a stored tensor becomes: itself, or its parts. */
export function weightsOf(
  tensor: PlacedTensor,
  naming: ModelNaming,
  { config, splitFused, has }: WeightOptions,
): WeightTensor[] {
  const stored = storedElements(tensor.source, tensor);
  const elements = isScaled(tensor, has) ? withoutValues(stored) : stored;
  const description = naming.describe(tensor);
  const layout = splitFused ? naming.fusedLayout(description) : undefined;
  if (layout === undefined) return [wholeWeight(elements, description)];
  if (layout === 'unknown') {
    throw unsupported(
      'a fused projection of a model family whose layout is not known; read it unsplit',
      { file: tensor.source.name, tensor: tensor.name },
    );
  }
  return splitWeights(elements, description, layout, config);
}

/** 8-bit floats with a tensor of scales beside them: the stored numbers are not the weights. */
function isScaled({ name, dtype }: StoredTensor, has: WeightOptions['has']): boolean {
  return dtype.startsWith('F8') && (has(`${name}_scale_inv`) || has(`${name}_scale`));
}

/** Elements that can be listed but not read. */
function withoutValues({ readInto: _, ...elements }: Elements): Elements {
  const { name, file } = elements;
  return {
    ...elements,
    async decode() {
      throw unsupported(
        'its 8-bit floats go with a tensor of scales; convert the checkpoint to BF16 first',
        { file, tensor: name },
      );
    },
  };
}

function wholeWeight(elements: Elements, description: Naming): WeightTensor {
  const { name, shape, dtype, readInto } = elements;
  const count = elementCount(shape);
  return {
    ...{ name, shape, dtype, ...description },
    read: (start = 0, end = count, signal) =>
      readRange(elements, [start, end, count], (target) => elements.decode(target, start, signal)),
    ...(readInto && { readInto }),
  };
}

function splitWeights(
  elements: Elements,
  description: Naming,
  layout: FusedLayout,
  config: JsonObject | undefined,
): WeightTensor[] {
  const { name, file, shape, dtype } = elements;
  const axis = shape.length - (description.inputFirst ? 1 : 2);
  const patterns = partPatterns(layout, shape[axis]!, config, { name, file });
  return patterns.map((pattern, index) => {
    const part = partOf(elements, axis, pattern);
    const letter = layout.parts[index]!;
    const partName = `${name}[${letter}]`;
    const count = elementCount(part.shape);
    const { offset } = part;
    const { readInto } = elements;
    return {
      ...{ name: partName, shape: part.shape, dtype, ...description },
      role: `${letter}_proj`,
      partOf: name,
      read: (start = 0, end = count, signal) =>
        readRange({ name: partName, file, dtype }, [start, end, count], (target) =>
          part.decode(target, start, signal),
        ),
      ...(offset !== undefined &&
        readInto && {
          readInto: (target: Uint8Array, start: number, signal?: AbortSignal) => {
            checkRange(partName, start, start + target.byteLength / bytesPerElement(dtype), count);
            return readInto(target, offset + start, signal);
          },
        }),
    };
  });
}
