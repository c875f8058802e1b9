/**
 * From the tensors of a GGUF file to those of the model that it was made of: names, stacked experts apart,
 * rows in the order in which they were. Each lies where it lay, as ggml quantizes along rows.
 */
import { errorIn } from '@alphalora/contracts';
import type { RowGroup, TensorPlace } from '../../tensors/recipe.js';
import { type Family, familyOf, unknownFamily } from './families/index.js';
import { originalName } from './names.js';
import { architectureIn, numberIn, type Settings } from './settings.js';

/** More than any model has in a block; a file may claim more without having bytes for them. */
const MOST_EXPERTS = 4096;

/**
 * @param place with the name in the file
 * @param settings of the model
 * @throws AlphaLoraError `INVALID_CHECKPOINT` where its rows are not those of the heads
 */
export function originalPlaces(
  place: TensorPlace,
  settings: Settings,
  file: string,
): TensorPlace[] {
  const architecture = architectureIn(settings);
  // Nothing is known of a model whose first file is not there.
  if (architecture === '') return [place];
  const family = familyOf(architecture, numberIn(settings, 'expert_count') ?? 0);
  const name = originalName(place.name, family ?? unknownFamily);
  if (name.includes('{}')) return experts({ ...place, name });
  const rows = family && rowsOf(place, family, settings, file);
  const isGain = family?.gainsFromOne && /norm\.weight$/.test(place.name);
  return [
    {
      ...place,
      name,
      ...(rows && { rows }),
      ...(isGain && { added: -1 }),
      ...(family?.turned && { outputFirst: true }),
    },
  ];
}

/** One tensor for each expert; stacked ones of another shape stay as they are. */
function experts({ name, shape, start, end, ...place }: TensorPlace): TensorPlace[] {
  const [count = 0, ...own] = shape;
  if (own.length !== 2 || count > MOST_EXPERTS) {
    return [{ ...place, name: name.replace('.{}', ''), shape, start, end }];
  }
  const bytes = (end - start) / count;
  return Array.from({ length: count }, (_, i) => ({
    ...place,
    name: name.replace('{}', `${i}`),
    shape: own,
    start: start + i * bytes,
    end: start + (i + 1) * bytes,
  }));
}

/** The projections of a block whose rows may lie in another order. */
const projection = /^blk\.(\d{1,4})\.attn_(q|k|qkv)\.(weight|bias)$/;

/**
 * The order of the rows of a projection, where its family has them in another one in the file.
 *
 * @param settings with the numbers of heads
 * @throws AlphaLoraError `INVALID_CHECKPOINT` where the rows do not divide among the heads
 */
export function rowsOf(
  { name, shape }: Pick<TensorPlace, 'name' | 'shape'>,
  family: Family,
  settings: Settings,
  file: string,
): RowGroup[] | undefined {
  const [, block, part] = projection.exec(name) ?? [];
  if (part === undefined) return undefined;
  const number = (setting: string): number | undefined =>
    numberIn(settings, setting, Number(block));
  const queries = number('attention.head_count');
  const keys = number('attention.head_count_kv') ?? queries;
  const [rows = 0] = shape;
  const fits = (heads: number | undefined, most: number): heads is number =>
    Number.isSafeInteger(heads) && heads! > 0 && rows > 0 && rows % (most * heads!) === 0;
  const refuse = (heads: number | undefined): never => {
    throw errorIn(
      'INVALID_CHECKPOINT',
      file,
      `tensor ${JSON.stringify(name)}: its ${rows} rows do not divide among ${heads ?? 'an unknown number of'} heads; convert the model again`,
      { details: { tensor: name } },
    );
  };
  if (family.interleaved && part !== 'qkv') {
    const heads = part === 'q' ? queries : keys;
    return fits(heads, 2) ? halves(rows, heads) : refuse(heads);
  }
  if (family.ungrouped && part === 'qkv' && keys !== 1) {
    const heads = (queries ?? 0) + 2 * (keys ?? 0);
    if (!fits(heads, 1) || !fits(keys, 1) || queries! % keys !== 0) return refuse(queries);
    return grouped(rows / heads, queries!, keys);
  }
  return undefined;
}

/** Of each head, the first half, then the second, which lie in turns. */
function halves(rows: number, heads: number): RowGroup[] {
  const size = rows / heads;
  return Array.from({ length: heads }, (_, head) => [head * size, size, 2]);
}

/** Of each key head, its queries, the key and the value. */
function grouped(size: number, queries: number, keys: number): RowGroup[] {
  const own = queries / keys;
  return Array.from({ length: keys }, (_, key): RowGroup[] => [
    [key * own * size, own * size, 1],
    [(queries + key) * size, size, 1],
    [(queries + keys + key) * size, size, 1],
  ]).flat();
}
