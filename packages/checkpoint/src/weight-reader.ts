/**
 * Makes weights again of what `plainWeight` gave of them, e.g. in another thread: files are opened
 * when a weight of theirs is asked for, each once, and no header is read.
 */
import type {
  ByteSource,
  SourceReference,
  StoredTensor,
  WeightTensor,
} from '@alphalora/contracts/weights';
import type { LoraUpdate } from './adapter/adapter.js';
import { wholeFactor } from './adapter/factors.js';
import { changedWeight, updateWeight } from './adapter/weights.js';
import { differenceWeight } from './differences/difference.js';
import { changedMeanwhile } from './errors.js';
import { formats } from './formats/index.js';
import { quantizedTensor } from './quantization/dequantized.js';
import { castWeight } from './tensors/cast.js';
import { withoutValues } from './tensors/file-tensor.js';
import { joinedTensor } from './tensors/joined.js';
import { partOf } from './tensors/part.js';
import type { PlainUpdate, PlainWeight, StoredRecipe } from './tensors/recipe.js';
import { storedTensor } from './tensors/stored.js';

export interface WeightReader {
  /**
   * @throws AlphaLoraError `NOT_FOUND` when its format is not known here, and as opening
   *   the file does
   */
  weight(plain: PlainWeight): Promise<WeightTensor>;
  /** Closes the files; weights cannot be read any more. */
  close(): Promise<void>;
}

export interface WeightReaderOptions {
  /** Opens a file again; of one that has been changed since, it throws. */
  open(file: SourceReference): Promise<ByteSource>;
}

export function weightReader({ open }: WeightReaderOptions): WeightReader {
  const sources = new Map<string, Promise<ByteSource>>();
  const contents = new Map<string, Promise<ReadonlyMap<string, StoredTensor>>>();

  const sourceOf = (file: SourceReference): Promise<ByteSource> =>
    kept(sources, file.name, () => open(file));

  async function stored(recipe: StoredRecipe): Promise<StoredTensor> {
    const { file } = recipe;
    if (recipe.from === 'place') return storedTensor(await sourceOf(file), recipe.place);
    const { format, tensor } = recipe;
    const content = await kept(contents, file.name, async () => {
      const { tensors } = await formats.get(format).read(await sourceOf(file));
      return new Map(tensors.map((each) => [each.name, each]));
    });
    const found = content.get(tensor);
    if (found) return found;
    throw changedMeanwhile(file.name, { file: file.name, tensor });
  }

  async function updateOf({ a, b, turned = false, ...update }: PlainUpdate): Promise<LoraUpdate> {
    const factors = [await stored(a), await stored(b)] as const;
    const [readA, readB] = factors.map((factor) => wholeFactor(factor, turned));
    return { ...update, dtype: factors[0].dtype, readA: readA!, readB: readB! };
  }

  async function weight({ values, ...description }: PlainWeight): Promise<WeightTensor> {
    switch (values.from) {
      case 'place':
      case 'format': {
        const { read, readInto } = await stored(values);
        return { ...description, read, ...(readInto && { readInto }) };
      }
      case 'joined': {
        const { axis, file, parts } = values;
        const pieces = await Promise.all(parts.map(stored));
        const { read, readInto } = joinedTensor(pieces, { name: description.name, axis, file });
        return { ...description, read, ...(readInto && { readInto }) };
      }
      case 'part':
        return partOf(await weight(values.whole), values.part);
      case 'cast':
        return castWeight(await weight(values.whole), values.type);
      case 'update':
        return updateWeight(await updateOf(values.update), values.file);
      case 'change':
        return changedWeight(await weight(values.base), {
          update: await updateOf(values.update),
          inputFirst: values.inputFirst,
        });
      case 'difference':
        return differenceWeight(await weight(values.weight), await weight(values.base));
      case 'quantized': {
        const { scheme, parts, layout, file } = values;
        const read = await Promise.all(
          Object.entries(parts).map(async ([part, recipe]) => [part, await stored(recipe)]),
        );
        const made = { scheme, parts: Object.fromEntries(read), layout };
        return { ...description, ...quantizedTensor(made, { name: description.name, file }) };
      }
      case 'refusal':
        return withoutValues(description, values.reason, values.file);
    }
  }

  return {
    weight,
    async close() {
      const opened = await Promise.allSettled(sources.values());
      for (const each of opened) if (each.status === 'fulfilled') await each.value.close?.();
    },
  };
}

/** What is made once for a name; what fails is tried anew. */
async function kept<Thing>(
  things: Map<string, Promise<Thing>>,
  name: string,
  make: () => Promise<Thing>,
): Promise<Thing> {
  const thing = things.get(name) ?? make();
  things.set(name, thing);
  try {
    return await thing;
  } catch (error) {
    if (things.get(name) === thing) things.delete(name);
    throw error;
  }
}
