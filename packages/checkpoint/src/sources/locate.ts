/**
 * Which files of a folder make up the model, by their names: those of the first format that has any. Of
 * several variants, such as `fp16` beside the usual one, the usual one; of several models, none.
 */
import { errorIn } from '@alphalora/contracts';
import { invalid, unsupported } from '../errors.js';
import { conversion, foreignName } from '../formats/foreign.js';
import {
  anyExtension,
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
import { piecesIn } from './pieces.js';

interface Listing {
  /** For messages. */
  readonly name: string;
  readonly names: readonly string[];
}

export interface Located {
  readonly config?: string;
  /** What lists the files, in the place of these. */
  readonly index?: string;
  /** What says how the tensors of files are called, in the place of these. */
  readonly flat?: string;
  readonly files: readonly string[];
  readonly notes: readonly string[];
}

/**
 * @throws AlphaLoraError `NOT_FOUND` when there are no weights, `INVALID_CHECKPOINT` when there are
 *   several models, `UNSUPPORTED_CHECKPOINT` when the weights are in a format that is not read
 */
export function locate({ name, names }: Listing): Located {
  for (const extension of extensions()) {
    const found = locatedIn(extension, names, name);
    if (found) return { ...configIn(names), ...found };
  }
  const other = names.find((each) => foreignName.test(each));
  if (other !== undefined) {
    throw unsupported(`it holds ${other} but no safetensors file; ${conversion}`, { file: name });
  }
  throw errorIn(
    'NOT_FOUND',
    name,
    `no ${anyExtension()} file; give the file or folder of the model's weights`,
  );
}

/**
 * The model that one of the files belongs to: that which an index lists, all that are numbered as it is or
 * of which it is a piece, or itself alone.
 *
 * @throws AlphaLoraError `NOT_FOUND` when one that is numbered is not there
 */
export function locateFile(file: string, { name, names }: Listing): Located {
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
function locatedIn(
  extension: string,
  names: readonly string[],
  folder: string,
): Omit<Located, 'config'> | undefined {
  const indexes = indexesOf(extension, names);
  const files = weightsEnding(extension, names);
  const usual = modelsCalled(extension)
    .flatMap((model) => [model, indexOf(model)])
    .find((each) => names.includes(each));
  if (usual !== undefined) {
    const others = [...files, ...indexes].filter((each) => isVariantOf(usual, each));
    return { ...opening(usual), notes: besides(usual, others) };
  }
  if (indexes.length > 0) {
    const [index, others] = oneOf(indexes, 'indexes of models', folder);
    return { ...opening(index), notes: besides(index, others) };
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
  const [file, others] = onlyWeights(files, folder, extension);
  return { files: [file], notes: besides(file, others) };
}

function opening(name: string): Pick<Located, 'index' | 'files'> {
  return name.endsWith('.json') ? { index: name, files: [] } : { files: [name] };
}

function besides(opened: string, others: readonly string[]): string[] {
  if (others.length === 0) return [];
  const not = others.length > 1 ? 'are not opened: give one of them' : 'is not opened: give it';
  return [`${opened} is opened; ${some(others)} beside it ${not} instead to open it`];
}

/** The one of which all the others are variants, and these. */
function oneOf(names: readonly string[], what: string, folder: string): [string, string[]] {
  const plain = names.filter((name) => !names.some((other) => isVariantOf(other, name)));
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

/** The one file, in a folder that has no index; and its variants. */
function onlyWeights(
  files: readonly string[],
  folder: string,
  extension: string,
): [string, string[]] {
  const plain = files.filter((file) => !files.some((other) => isVariantOf(other, file)));
  const [file] = plain;
  const index = indexOf(modelsCalled(extension)[0]!);
  if (plain.length > 1) {
    throw invalid(
      `${plain.length} ${extension} files (${some(plain)}) and no ${index}: download the index, or give one of the files`,
      { file: folder },
    );
  }
  const [, count] = /-\d+-of-(\d+)$/.exec(file!.slice(0, -extension.length)) ?? [];
  if (count === undefined || Number(count) === 1) {
    return [file!, files.filter((each) => each !== file)];
  }
  throw invalid(
    `${file} is one of ${Number(count)} files, and there is no ${index}: download the others and the index, or give the file`,
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
