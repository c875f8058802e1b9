/**
 * Which files of a folder make up the model, by their names: those of the first format that has any. Of
 * several variants, such as `fp16` beside the usual one, the usual one; of several models, none.
 */
import { type AlphaLoraError, errorIn } from '@alphalora/contracts';
import { invalid } from '../errors.js';
import {
  extensions,
  formatOfName,
  indexesOf,
  indexOf,
  isVariantOf,
  modelsCalled,
  numberedFiles,
  weightsEnding,
} from '../formats/names.js';
import { configNames } from './config.js';
import { FLAT_CONFIG } from './flat-files.js';
import { noWeights } from './no-weights.js';
import { piecesIn } from './pieces.js';

interface Listing {
  /** For messages. */
  readonly name: string;
  readonly names: readonly string[];
  /** Those of its .json files that list some of these files; what they are called is no matter. */
  indexesTo(files: readonly string[]): Promise<readonly string[]>;
}

export interface Located {
  readonly config?: string;
  /** What lists the files, in the place of these. */
  readonly index?: string;
  /** What says how the tensors of files are called, in the place of these. */
  readonly flat?: string;
  readonly files: readonly string[];
  /** Which else could be opened, unless they turn out to be parts of this model. */
  readonly others?: readonly string[];
  readonly notes: readonly string[];
}

/**
 * @throws AlphaLoraError `NOT_FOUND` when there are no weights, `INVALID_CHECKPOINT` when there are
 *   several models, `UNSUPPORTED_CHECKPOINT` when the weights are in a format that is not read
 */
export async function locate(listing: Listing): Promise<Located> {
  const { name, names } = listing;
  for (const extension of extensions()) {
    const found = await locatedIn(extension, listing);
    if (found) return { ...configIn(names), ...found };
  }
  throw noWeights(name, names);
}

/**
 * The model that one of the files belongs to: that which an index lists, all that are numbered as it is or
 * of which it is a piece, or itself alone.
 *
 * @throws AlphaLoraError `NOT_FOUND` when one that is numbered is not there
 */
export function locateFile(
  file: string,
  { name, names }: Pick<Listing, 'name' | 'names'>,
): Located {
  if (file.endsWith('.json')) return { ...configIn(names), index: file, files: [], notes: [] };
  const pieces = piecesIn(names);
  if (pieces.includes(file)) return { ...configIn(names), files: pieces, notes: [] };
  const numbered = numberedFiles(file);
  if (!numbered) return { files: [file], notes: [] };
  requireAll(numbered.names, names, name);
  return { files: numbered.names, notes: [] };
}

function configIn(names: readonly string[]): Pick<Located, 'config'> {
  const config = configNames.find((name) => names.includes(name));
  return config === undefined ? {} : { config };
}

/** The files of the model in files that end so, if there are any. */
async function locatedIn(
  extension: string,
  { name: folder, names, indexesTo }: Listing,
): Promise<Omit<Located, 'config'> | undefined> {
  const indexes = indexesOf(extension, names);
  const files = weightsEnding(extension, names);
  const usual = modelsCalled(extension)
    .flatMap((model) => [model, indexOf(model)])
    .find((each) => names.includes(each));
  if (usual !== undefined) {
    const others = [...files, ...indexes].filter((each) => each !== indexOf(usual));
    return opening(usual, others);
  }
  if (indexes.length > 0) {
    const [index, others] = oneOf(indexes, 'indexes of models', folder);
    return opening(index, [...files, ...others]);
  }
  if (files.length === 0) return undefined;
  const pieces = piecesIn(files);
  if (pieces.length > 0) return { files: pieces, notes: [] };
  const { numbered, oneTensorPerFile } = formatOfName(extension) ?? {};
  if (oneTensorPerFile) {
    return { files, notes: [], ...(names.includes(FLAT_CONFIG) && { flat: FLAT_CONFIG }) };
  }
  if (numbered) return { files: onlyModel(names, folder, extension), notes: [] };
  if (areComplete(files, extension)) {
    const index = indexOf(modelsCalled(extension)[0]!);
    const note = `there is no ${index}: the ${files.length} files like ${files[0]} are opened as one model`;
    return { files, notes: [note] };
  }
  const file = onlyWeights(files, extension);
  if (file !== undefined) return opening(file, files);
  const unnamed = await indexesTo(files);
  if (unnamed.length === 0) throw withoutIndex(files, folder, extension);
  const [index] = oneOf(unnamed, 'indexes of models', folder);
  return opening(index, files);
}

/** @param beside files and indexes of which it may be one */
function opening(name: string, beside: readonly string[]): Omit<Located, 'config'> {
  const isIndex = name.endsWith('.json');
  // Numbered beside an index, it is a part of some model.
  const others = beside.filter((each) => each !== name && !(isIndex && part.test(each)));
  return { ...(isIndex ? { index: name, files: [] } : { files: [name] }), others, notes: [] };
}

const part = /-\d+-of-\d+[.]/;

/** @returns a note on what is not opened, if there is something */
export function besides(opened: string, others: readonly string[]): string[] {
  if (others.length === 0) return [];
  const not = others.length > 1 ? 'are not opened: give one of them' : 'is not opened: give it';
  return [`${opened} is opened; ${some(others)} beside it ${not} instead to open it`];
}

/** The one of which all the others are variants, and these. */
function oneOf(names: readonly string[], what: string, folder: string): [string, string[]] {
  const plain = plainOf(names);
  if (plain.length === 1) return [plain[0]!, names.filter((name) => name !== plain[0])];
  throw invalid(`${plain.length} ${what} (${some(plain)}); give one of them`, { file: folder });
}

/** Whether the files are all that are numbered so, e.g. `model-00001-of-00002.safetensors` and its other. */
function areComplete(files: readonly string[], extension: string): boolean {
  const sets = files.map((file) => {
    const [, stem, number, count] =
      /^(.*)-(\d+)-of-(\d+)$/.exec(file.slice(0, -extension.length)) ?? [];
    return { set: `${stem} ${count}`, number: Number(number), count: Number(count) };
  });
  const { set, count } = sets[0]!;
  const numbers = new Set(sets.filter((each) => each.set === set).map(({ number }) => number));
  return count > 1 && numbers.size === files.length && numbers.size === count && !numbers.has(0);
}

/** Those that are no variants of others. */
function plainOf(files: readonly string[]): string[] {
  return files.filter((file) => !files.some((other) => isVariantOf(other, file)));
}

/** Of how many files it is one, by its number. */
function countOf(file: string, extension: string): number {
  return Number(/-\d+-of-(\d+)$/.exec(file.slice(0, -extension.length))?.[1] ?? 1);
}

/** The one file of a model, beside its variants; undefined where a model is in several. */
function onlyWeights(files: readonly string[], extension: string): string | undefined {
  const [file, ...more] = plainOf(files);
  return more.length === 0 && countOf(file!, extension) === 1 ? file : undefined;
}

function withoutIndex(files: readonly string[], folder: string, extension: string): AlphaLoraError {
  const plain = plainOf(files);
  const index = indexOf(modelsCalled(extension)[0]!);
  if (plain.length > 1) {
    return invalid(
      `${plain.length} ${extension} files (${some(plain)}) and no ${index}: download the index, or give one of the files`,
      { file: folder },
    );
  }
  const [file] = plain;
  return invalid(
    `${file} is one of ${countOf(file!, extension)} files, and there is no ${index}: download the others and the index, or give the file`,
    { file: folder },
  );
}

/** The files of the one model in files that end so: one, or several that are numbered. */
function onlyModel(names: readonly string[], folder: string, extension: string): string[] {
  const models = new Map<string, readonly string[]>();
  for (const name of names.filter((each) => each.endsWith(extension)).sort()) {
    const numbered = numberedFiles(name);
    models.set(numbered?.pattern ?? name, numbered?.names ?? [name]);
  }
  if (models.size > 1) {
    throw invalid(
      `${models.size} models in ${extension} files (${[...models.keys()].join(', ')}); give one of the files`,
      { file: folder },
    );
  }
  const files = [...models.values()].flat();
  requireAll(files, names, folder);
  return files;
}

/** @throws AlphaLoraError `NOT_FOUND` when one of the files is not there */
function requireAll(files: readonly string[], names: readonly string[], folder: string): void {
  const missing = files.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw errorIn(
    'NOT_FOUND',
    folder,
    `${missing.length} of the ${files.length} files of the model are missing (${some(missing)}); download them into the same folder`,
  );
}

function some(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '');
}
