/**
 * Which files hold weights, by their names alone: in a listing, or at an address, before anything is
 * read. What a file is, its bytes say; see `read.ts`.
 */
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import { allFormats } from './index.js';

/** What names of weights end in, in the order of the formats: where there are several, the first counts. */
export function extensions(): readonly string[] {
  return allFormats().flatMap((format) => format.extensions);
}

/** The format that a name stands for, e.g. `safetensors` for `model.safetensors`. */
export function formatOfName(name: string): CheckpointFormat | undefined {
  return allFormats().find((format) => format.extensions.some((end) => name.endsWith(end)));
}

/** Whether a file of that name holds weights, or lists the files that hold them. */
export function isNameOfWeights(name: string): boolean {
  return formatOfName(name) !== undefined || isIndex(name);
}

/** The file of weights called so in any of the formats, e.g. `model.safetensors` for `model`. */
export function weightsCalled(stem: string, names: readonly string[]): string | undefined {
  return extensions()
    .map((extension) => stem + extension)
    .find((name) => names.includes(name));
}

/** What whole models are called with this ending, the usual name first, e.g. `model.safetensors`. */
export function modelsCalled(extension: string): readonly string[] {
  return (formatOfName(extension)?.modelNames ?? ['model']).map((stem) => stem + extension);
}

/** Name of what lists the files of a model in several. */
export function indexOf(model: string): string {
  return `${model}.index.json`;
}

/** A name of weights or of an index, taken apart. */
interface NameParts {
  /** Without what follows, e.g. `model`. */
  readonly stem: string;
  readonly extension: string;
  /** Of which the same model can have several, e.g. `fp16`. */
  readonly variant?: string;
}

/**
 * Of an index: `model.safetensors.index.json`, `model.safetensors.index.fp16.json`,
 * `model.safetensors.fp16.index.json`.
 */
function indexParts(name: string): NameParts | undefined {
  const [, weights, last] = /^(.+)\.index(?:\.([\w-]+))?\.json$/.exec(name) ?? [];
  if (weights === undefined) return undefined;
  const [, inner, before] = /^(.+)\.([\w-]+)$/.exec(weights) ?? [];
  for (const [each, variant] of [
    [weights, last],
    [inner, before],
  ]) {
    const extension = each && extensions().find((end) => each.endsWith(end) && each !== end);
    if (!extension) continue;
    return { stem: each.slice(0, -extension.length), extension, ...(variant && { variant }) };
  }
  return undefined;
}

function partsOf(name: string): NameParts | undefined {
  const index = indexParts(name);
  if (index) return index;
  const extension = extensions().find((end) => name.endsWith(end));
  return extension === undefined
    ? undefined
    : { stem: name.slice(0, -extension.length), extension };
}

/** Whether a file of that name lists the files of a model in several. */
function isIndex(name: string): boolean {
  return indexParts(name) !== undefined;
}

/** Those of the names that list files of weights which end so, in order. */
export function indexesOf(extension: string, names: readonly string[]): string[] {
  return names.filter((name) => indexParts(name)?.extension === extension).sort();
}

/**
 * Whether a file is of the same model as the other one, in another variant: `model.fp16.safetensors` and
 * `model.safetensors.index.fp16.json` are, of `model.safetensors` and of its index.
 */
export function isVariantOf(usual: string, name: string): boolean {
  const [own, other] = [partsOf(usual), partsOf(name)];
  if (!own || !other || own.variant !== undefined) return false;
  if (other.stem === own.stem) return other.variant !== undefined;
  const further = other.stem.startsWith(`${own.stem}.`) && other.stem.slice(own.stem.length + 1);
  return further !== false && /^\w+$/.test(further);
}

/** What training leaves beside a model, in files that end as weights of PyTorch do. */
export const ofTraining: RegExp =
  /^(training_args|optimizer|scheduler|scaler|rng_state)(_\d+)*\.(bin|pt|pth)$/;

/** Those of the names that end so and may hold a model, in order. */
export function weightsEnding(extension: string, names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith(extension) && !ofTraining.test(name)).sort();
}

/** The endings in words, for messages: `.safetensors`, or one of several. */
export function anyExtension(): string {
  const all = extensions();
  return all.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

/** The files of a model in several that are numbered, by the name of one of them. */
export interface NumberedFiles {
  /** In order. */
  readonly names: readonly string[];
  /** Of the first, with `NNNNN` for its number, for messages. */
  readonly pattern: string;
}

/** More files than any model is in. */
const MOST_FILES = 10_000;

/**
 * @param name such as `model-00001-of-00003.gguf`
 * @returns undefined for a file that is a model of its own, or one of those that an index lists
 */
export function numberedFiles(name: string): NumberedFiles | undefined {
  const format = formatOfName(name);
  const extension = format?.extensions.find((end) => name.endsWith(end));
  if (!format?.numbered || extension === undefined) return undefined;
  const stem = name.slice(0, -extension.length);
  const [, start, total = ''] = /^(.*)-\d{5}-of-(\d{5})$/.exec(stem) ?? [];
  const count = Number(total);
  if (start === undefined || count < 1 || count > MOST_FILES) return undefined;
  const at = (number: string): string => `${start}-${number}-of-${total}${extension}`;
  return {
    names: Array.from({ length: count }, (_, i) => at(`${i + 1}`.padStart(5, '0'))),
    pattern: at('NNNNN'),
  };
}
