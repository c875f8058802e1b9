/**
 * Weights as plain data, so that another thread can be sent one and reads it without opening the
 * checkpoint: how its values come about from the bytes of files.
 *
 * A recipe belongs to the function that reads the values. Whoever puts another function in its place,
 * as copies of a weight may, has a weight without a recipe rather than with a wrong one.
 */
import type {
  CastType,
  SourceReference,
  StoredTensor,
  TensorDescription,
  WeightDescription,
  WeightTensor,
} from '@alphalora/contracts/weights';
import type { FusedPart } from '../naming/fused/index.js';

/**
 * The stored rows `start` to `start + count`, taken every `step` rows: `[0, 6, 2]` are the rows 0, 2, 4, 1,
 * 3, 5. `count` is a multiple of `step`.
 */
export type RowGroup = readonly [start: number, count: number, step: number];

/** Where a tensor lies in its file, in one run; counted from the beginning of the file. */
export interface TensorPlace extends TensorDescription {
  readonly start: number;
  readonly end: number;
  /** The order of its rows, where they are stored in another one. */
  readonly rows?: readonly RowGroup[];
  /** What has to be added to what is stored, such as the -1 of gains that are stored as they act. */
  readonly added?: number;
}

/** What a file holds: in one run of bytes, or as its format reads it. */
export type StoredRecipe =
  | { readonly from: 'place'; readonly file: SourceReference; readonly place: TensorPlace }
  | {
      readonly from: 'format';
      readonly file: SourceReference;
      readonly format: string;
      readonly tensor: string;
    };

/** What is made of that. */
export type ValueRecipe =
  | StoredRecipe
  /** Pieces in several files. */
  | {
      readonly from: 'joined';
      readonly parts: readonly StoredRecipe[];
      readonly axis: number;
      readonly file: string;
    }
  | { readonly from: 'part'; readonly whole: PlainWeight; readonly part: FusedPart }
  | { readonly from: 'cast'; readonly whole: PlainWeight; readonly type: CastType }
  | { readonly from: 'update'; readonly update: PlainUpdate; readonly file: string }
  | {
      readonly from: 'change';
      readonly base: PlainWeight;
      readonly update: PlainUpdate;
      readonly inputFirst: boolean;
    }
  | { readonly from: 'difference'; readonly weight: PlainWeight; readonly base: PlainWeight }
  /** A quantized weight, by the name of its scheme. */
  | {
      readonly from: 'quantized';
      readonly file: string;
      readonly scheme: string;
      readonly parts: Readonly<Record<string, StoredRecipe>>;
      /** How its values are made of the parts: plain data of the scheme. */
      readonly layout: object;
    }
  /** Its values are not those that are stored, for this reason. */
  | { readonly from: 'refusal'; readonly file: string; readonly reason: string };

/** A weight, but for the functions that read it. */
export interface PlainWeight extends WeightDescription {
  readonly identity?: string;
  readonly values: ValueRecipe;
}

/** See `LoraUpdate`, whose factors are tensors. */
export interface PlainUpdate {
  readonly module: string;
  readonly rank: number;
  readonly scale: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputFirst?: boolean;
  readonly embedding?: boolean;
  readonly kernel?: readonly number[];
  /** Whether the factors are stored as their transposes. */
  readonly turned?: boolean;
  readonly a: StoredRecipe;
  readonly b: StoredRecipe;
}

type Read = StoredTensor['read'];

const recipes = new WeakMap<Read, ValueRecipe>();

/** @returns the tensor; nothing is noted where there is no recipe */
export function noted<Tensor extends Pick<StoredTensor, 'read'>>(
  tensor: Tensor,
  recipe: ValueRecipe | undefined,
): Tensor {
  if (recipe) recipes.set(tensor.read, recipe);
  return tensor;
}

/** Whether other threads can read it: its values are from files, and not in this thread only. */
export function isFromFiles({ read }: Pick<StoredTensor, 'read'>): boolean {
  return recipes.has(read);
}

function recipeOf({ read }: Pick<StoredTensor, 'read'>): ValueRecipe | undefined {
  return recipes.get(read);
}

/** The recipe of what a file holds; undefined for what is made of that, and what is in this thread only. */
export function storedRecipeOf(tensor: Pick<StoredTensor, 'read'>): StoredRecipe | undefined {
  const recipe = recipeOf(tensor);
  return recipe?.from === 'place' || recipe?.from === 'format' ? recipe : undefined;
}

/**
 * A weight of a checkpoint as plain data, from which `weightReader` makes it again.
 *
 * @returns undefined for a weight whose values are in this thread only
 */
export function plainWeight(weight: WeightTensor): PlainWeight | undefined {
  const { read: _, readInto: __, factors: ___, ...description } = weight;
  const values = recipeOf(weight);
  return values && { ...description, values };
}
