/**
 * Opens a checkpoint from a folder as `save_pretrained` writes it, wherever the folder lies: on disk,
 * on a hub. Only the files that make up the model are opened.
 */
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { type Adapter, readAdapter } from '../adapter/read.js';
import {
  adapterCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  readCheckpoint,
} from '../checkpoint.js';
import { invalid, unsupported } from '../errors.js';
import { conversion, foreignName } from '../formats/foreign.js';
import {
  anyExtension,
  extensions,
  formatOfName,
  indexOf,
  modelsCalled,
  numberedFiles,
  weightsCalled,
  weightsEnding,
} from '../formats/names.js';
import { readShardIndex } from './shard-index.js';

export interface Folder {
  /** For messages and documents. */
  readonly name: string;
  /** Of the files directly in it. */
  readonly names: readonly string[];
  /** @throws AlphaLoraError `NOT_FOUND` when there is no file of that name */
  open(name: string): Promise<ByteSource>;
}

const ADAPTER_CONFIG = 'adapter_config.json';
const ADAPTER_WEIGHTS = 'adapter_model';

/** Whether the files are an adapter's two, with no model beside them. */
export function holdsAdapter(names: readonly string[]): boolean {
  const isModel = extensions()
    .flatMap(modelsCalled)
    .some((model) => names.includes(model) || names.includes(indexOf(model)));
  return (
    names.includes(ADAPTER_CONFIG) &&
    weightsCalled(ADAPTER_WEIGHTS, names) !== undefined &&
    !isModel
  );
}

/**
 * Opens a model, or an adapter, and reads its headers.
 *
 * @throws AlphaLoraError `NOT_FOUND` when there are no weights or a shard is missing,
 *   `UNSUPPORTED_CHECKPOINT` when the weights are in another format, `INVALID_OPTION` when an adapter
 *   is to be added to an adapter, and as `readCheckpoint`
 */
export async function openFolder(
  folder: Folder,
  { adapter, splitFused = false, signal }: CheckpointOptions = {},
): Promise<Checkpoint> {
  const given = signal && { signal };
  const opened: ByteSource[] = [];
  const open = async (name: string): Promise<ByteSource> => {
    const source = await folder.open(name);
    opened.push(source);
    return source;
  };
  try {
    if (holdsAdapter(folder.names)) {
      if (adapter) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `${folder.name} is an adapter itself; give the model that ${adapter.source} is to be added to`,
        );
      }
      return adapterCheckpoint(await openAdapterFolder(folder, given), { splitFused });
    }
    const located = locate(folder);
    const config = located.config === undefined ? undefined : await open(located.config);
    const index = located.index === undefined ? undefined : await open(located.index);
    const shards = index && new Set((await readShardIndex(index, given)).values());
    const files: ByteSource[] = [];
    for (const name of shards ? [...shards].sort() : located.files) files.push(await open(name));
    const checkpoint = await readCheckpoint(
      { files, name: folder.name, ...(config && { config }), ...(index && { index }) },
      { splitFused, ...given, ...(adapter && { adapter }) },
    );
    await config?.close?.();
    await index?.close?.();
    return checkpoint;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}

/**
 * Opens an adapter and reads its header and configuration.
 *
 * @throws AlphaLoraError as `readAdapter`; `NOT_FOUND` when a file is missing
 */
export async function openAdapterFolder(
  { name: path, names, open }: Folder,
  options: { signal?: AbortSignal } = {},
): Promise<Adapter> {
  const file = weightsCalled(ADAPTER_WEIGHTS, names) ?? `${ADAPTER_WEIGHTS}.safetensors`;
  for (const name of [ADAPTER_CONFIG, file]) {
    if (names.includes(name)) continue;
    throw errorIn(
      'NOT_FOUND',
      path,
      `it has no ${name}; give the folder of an adapter that PEFT saved`,
    );
  }
  const opened: ByteSource[] = [];
  try {
    const config = await open(ADAPTER_CONFIG);
    opened.push(config);
    const weights = await open(file);
    opened.push(weights);
    const adapter = await readAdapter({ weights, config, name: path }, options);
    await config.close?.();
    return adapter;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}

interface Located {
  config?: string;
  index?: string;
  files: string[];
}

/** The files of the model in the first format that has any. */
function locate({ name, names }: Folder): Located {
  const config = names.includes('config.json') ? { config: 'config.json' } : {};
  for (const extension of extensions()) {
    const models = modelsCalled(extension);
    const whole = models.find((model) => names.includes(model));
    if (whole !== undefined) return { ...config, files: [whole] };
    const index = models.map(indexOf).find((each) => names.includes(each));
    if (index !== undefined) return { ...config, index, files: [] };
    const files = filesEnding(extension, names, name);
    if (files.length > 0) return { ...config, files };
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

/** Those of the model in files that end so, if there are any, and no whole model or index among them. */
function filesEnding(extension: string, names: readonly string[], folder: string): string[] {
  const { numbered, oneTensorPerFile } = formatOfName(extension) ?? {};
  if (oneTensorPerFile) return weightsEnding(extension, names);
  if (numbered) return onlyModel(names, folder, extension);
  return onlyWeights(names, folder, extension);
}

/** The one file that ends so, if there is any, in a folder that has neither a whole model nor an index. */
function onlyWeights(names: readonly string[], folder: string, extension: string): string[] {
  const files = weightsEnding(extension, names);
  const [file] = files;
  const index = indexOf(modelsCalled(extension)[0]!);
  if (files.length > 1) {
    const some = files.slice(0, 3).join(', ') + (files.length > 3 ? ', ...' : '');
    throw invalid(
      `${files.length} ${extension} files (${some}) and no ${index}: download the index, or give one of the files`,
      { file: folder },
    );
  }
  const [, count] = /-\d+-of-(\d+)$/.exec(file?.slice(0, -extension.length) ?? '') ?? [];
  if (count === undefined || Number(count) === 1) return files;
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
export function requireAll(
  files: readonly string[],
  names: readonly string[],
  folder: string,
): void {
  const missing = files.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const some = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', ...' : '');
  throw errorIn(
    'NOT_FOUND',
    folder,
    `${missing.length} of the ${files.length} files of the model are missing (${some}); download them into the same folder`,
  );
}
