/**
 * Opens a checkpoint from a folder as `save_pretrained` writes it, wherever the folder lies: on disk,
 * on a hub. Only the files that make up the model are opened.
 */
import { type AlphaLoraError, errorIn, isAlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { Adapter, AdapterOptions } from '../adapter/adapter.js';
import { readAdapter } from '../adapter/read.js';
import {
  adapterCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  readCheckpoint,
  requireModel,
} from '../checkpoint.js';
import { isNameOfWeights, weightsCalled } from '../formats/names.js';
import { ADAPTER_CONFIG, adapterFiles, adapterIn, holdsAdapter } from './adapter-files.js';
import { readFlatFiles } from './flat-files.js';
import { besides, type Located, locate, locateFile } from './locate.js';
import { listsAny, readShardIndex } from './shard-index.js';

export interface Folder {
  /** For messages and documents. */
  readonly name: string;
  /** Of the files directly in it. */
  readonly names: readonly string[];
  /** @throws AlphaLoraError `NOT_FOUND` when there is no file of that name */
  open(name: string): Promise<ByteSource>;
  /** Paths of files below it, for what to give in its place; absent where nothing is below it. */
  below?(): Promise<readonly string[]>;
}

/** Folders that a message names. */
const MOST_NAMED = 10;

/**
 * Opens a model, or an adapter, and reads its headers.
 *
 * @throws AlphaLoraError `NOT_FOUND` when there are no weights or a shard is missing,
 *   `UNSUPPORTED_CHECKPOINT` when the weights are in another format, `INVALID_OPTION` when an adapter
 *   is to be added to an adapter, and as `readCheckpoint`
 */
export async function openFolder(
  folder: Folder,
  options: CheckpointOptions = {},
): Promise<Checkpoint> {
  if (!holdsAdapter(folder.names)) {
    return openLocated(folder, await locateIn(folder, options.signal), options);
  }
  const { adapter, cast, splitFused = false, signal } = options;
  requireModel(folder.name, { adapter, cast });
  const itself = await openAdapterFolder(folder, signal && { signal });
  return adapterCheckpoint(itself, { splitFused });
}

/** As {@link locate}; where there are no weights, the error names the folders below that have some. */
async function locateIn(folder: Folder, signal?: AbortSignal): Promise<Located> {
  try {
    const indexesTo = (files: readonly string[]) => indexesIn(folder, files, signal);
    return await locate({ ...folder, indexesTo });
  } catch (error) {
    const paths = isAlphaLoraError(error, 'NOT_FOUND') ? await folder.below?.() : undefined;
    const parts = paths?.filter(isNameOfWeights).map((path) => path.replace(/\/?[^/]*$/, ''));
    const found = [...new Set(parts)].filter((part) => part !== '').sort();
    if (found.length === 0) throw error;
    const some = found.slice(0, MOST_NAMED).join(', ') + (found.length > MOST_NAMED ? ', ...' : '');
    const what =
      found.length === 1
        ? 'the folder in it that has some'
        : 'one of the folders in it that have some';
    throw errorIn('NOT_FOUND', folder.name, `no weights directly in it; give ${what}: ${some}`, {
      details: { below: found.length },
    });
  }
}

/** Those of the .json files, whatever they are called, that list some of these files. */
async function indexesIn(
  folder: Folder,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of folder.names.filter((each) => each.endsWith('.json')).sort()) {
    // Such as a folder, or a link that leads nowhere.
    const source = await folder.open(name).catch(() => undefined);
    if (!source) continue;
    try {
      if (await listsAny(files, source, signal)) found.push(name);
    } finally {
      await source.close?.();
    }
  }
  return found;
}

/**
 * Opens the model that a file of the folder belongs to; see {@link locateFile}.
 *
 * @param name of the model, for messages and documents
 * @throws AlphaLoraError as {@link openFolder}
 */
export async function openInFolder(
  folder: Folder,
  file: string,
  { name, ...options }: CheckpointOptions & { name: string },
): Promise<Checkpoint> {
  return openLocated({ ...folder, name }, locateFile(file, folder), options);
}

async function openLocated(
  folder: Folder,
  located: Located,
  options: CheckpointOptions,
): Promise<Checkpoint> {
  const { signal } = options;
  const opened: ByteSource[] = [];
  const open = async (name: string): Promise<ByteSource> => {
    const source = await folder.open(name);
    opened.push(source);
    return source;
  };
  try {
    const config = located.config === undefined ? undefined : await open(located.config);
    const index = located.index === undefined ? undefined : await open(located.index);
    const shards = index && new Set((await readShardIndex(index, { signal })).values());
    const flat = located.flat === undefined ? undefined : await open(located.flat);
    const tensorNames = flat && (await readFlatFiles(flat, signal));
    const names = [...(shards ? [...shards].sort() : (tensorNames?.keys() ?? located.files))];
    const files: ByteSource[] = [];
    for (const name of names) {
      files.push(
        await open(name).catch((error: unknown) => {
          const list = index ?? flat;
          throw list && isAlphaLoraError(error, 'NOT_FOUND') ? absent(list, name, error) : error;
        }),
      );
    }
    const others = (located.others ?? []).filter((each) => !names.includes(each));
    const checkpoint = await readCheckpoint(
      {
        files,
        name: folder.name,
        ...(config && { config }),
        ...(index && { index }),
        ...(tensorNames && { tensorNames }),
      },
      options,
    );
    await config?.close?.();
    await index?.close?.();
    await flat?.close?.();
    const unopened = besides(located.index ?? names[0]!, others);
    return { ...checkpoint, notes: [...located.notes, ...unopened, ...checkpoint.notes] };
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}

function absent(list: ByteSource, missing: string, cause: unknown): AlphaLoraError {
  return errorIn(
    'NOT_FOUND',
    list.name,
    `it lists ${missing}, which does not exist; download all the files that it lists into one folder`,
    { cause, details: { missing } },
  );
}

/**
 * Opens an adapter and reads its header and configuration.
 *
 * @throws AlphaLoraError as `readAdapter`; `NOT_FOUND` when a file is missing
 */
export async function openAdapterFolder(
  folder: Folder,
  options: AdapterOptions = {},
): Promise<Adapter> {
  const { name: path, names, open } = folder;
  const { file, hasConfig } = adapterIn(names) ?? (await onlyAdapter(folder, options.signal));
  const opened: ByteSource[] = [];
  try {
    const config = hasConfig ? await open(ADAPTER_CONFIG) : undefined;
    if (config) opened.push(config);
    const weights = await open(file);
    opened.push(weights);
    const sources = { weights, name: path, ...(config && { config }) };
    const adapter = await readAdapter(sources, options);
    await config?.close?.();
    return adapter;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}

/** Of a folder without names that tell: its one file, as kohya saves them under any name. */
async function onlyAdapter(
  folder: Folder,
  signal: AbortSignal | undefined,
): Promise<{ file: string; hasConfig: boolean }> {
  const { name: path, names } = folder;
  const [stem] = adapterFiles
    .map((each) => each.stem)
    .filter((each) => weightsCalled(each, names) !== undefined);
  const missing =
    stem !== undefined
      ? ADAPTER_CONFIG
      : names.includes(ADAPTER_CONFIG) && `${adapterFiles[0]!.stem}.safetensors`;
  if (missing) {
    throw errorIn(
      'NOT_FOUND',
      path,
      `it has no ${missing}; give the folder of an adapter that PEFT or mlx-lm saved`,
    );
  }
  const [file] = (await locateIn(folder, signal)).files;
  if (file === undefined) {
    throw errorIn('NOT_FOUND', path, 'it is the folder of a model; give that of an adapter');
  }
  return { file, hasConfig: false };
}
