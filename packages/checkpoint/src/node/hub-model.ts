/** A whole model of a hub on this machine, with what reads and writes its text: in the hub's cache. */
import { join } from 'node:path';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { HubFile, HubModel, HubOptions } from '../hub/repository.js';
import type { Downloading } from './download.js';
import { statIfPresent } from './file-kind.js';
import { cached, hasSize, notCached, remember, snapshotFile, storage } from './hub-cache.js';
import { openCheckpoint } from './open.js';

/** What a model's tokenizer consists of, in the names of transformers, and how vectors are made of its texts, in those of sentence-transformers. */
const TEXT_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'generation_config.json',
  'vocab.txt',
  'modules.json',
  '1_Pooling/config.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];

interface ModelOnDisk {
  /** The folder, or the file of weights where the reference names one. */
  path: string;
  /** The reference with its commit. */
  source: string;
}

interface DownloadStart {
  files: number;
  /** Of them all together. */
  bytes: number;
  /** Folder of the cache. */
  folder: string;
}

interface HubModelOptions extends HubOptions {
  /** The cache, e.g. `~/.cache/huggingface/hub`. */
  folder: string;
  /** Without any connection: from the cache alone. @default false */
  offline?: boolean;
  /** Before the first file is downloaded; not called where all are in the cache. */
  onStart?: ((start: DownloadStart) => void) | undefined;
  onProgress?: ((progress: Downloading) => void) | undefined;
}

/**
 * Downloads what is not in the cache yet of a model, its tokenizer and its chat template. The headers of
 * its weights are read first, so that a model that cannot be read is refused before it is downloaded.
 *
 * @param reference `hf://org/name[@revision][/subfolder]`, or a file of weights there
 * @throws AlphaLoraError as `openHubCheckpoint`; offline, `NOT_FOUND` when the cache does not hold the model
 *   and its tokenizer completely
 */
export async function downloadModel(
  reference: string,
  { folder, offline = false, onStart, onProgress, ...options }: HubModelOptions,
): Promise<ModelOnDisk> {
  if (offline) return cachedModel(reference, folder);
  // Programs that only open files on disk do not load what talks to a hub.
  const { openBeside, openHubCheckpoint } = await import('../hub/open.js');
  const { download } = await import('./download.js');
  const needed: Array<{ model: HubModel; file: HubFile; remote: ByteSource }> = [];
  const local = {
    async open(model: HubModel, file: HubFile, remote: ByteSource) {
      needed.push({ model, file, remote });
      return undefined;
    },
  };
  const checkpoint = await openHubCheckpoint(reference, { ...options, local });
  await checkpoint.close();
  await openBeside(reference, TEXT_FILES, { ...options, local });
  const missing: typeof needed = [];
  for (const each of needed) {
    const isThere = await hasSize(
      snapshotFile(folder, each.model, each.file),
      each.file.byteLength,
    );
    if (!isThere) missing.push(each);
  }
  const bytes = missing.reduce((sum, { file }) => sum + file.byteLength, 0);
  if (missing.length > 0) onStart?.({ files: missing.length, bytes, folder });
  for (const { model, file, remote } of missing) {
    const blobs = join(storage(folder, model.reference), 'blobs');
    const path = snapshotFile(folder, model, file);
    await download({ file, remote, blobs, path, signal: options.signal, onProgress });
  }
  await remember(folder, needed[0]!.model);
  return cached(reference, folder);
}

async function cachedModel(reference: string, folder: string): Promise<ModelOnDisk> {
  const found = await cached(reference, folder);
  const checkpoint = await openCheckpoint(found.path).catch((error: unknown) => {
    throw notCached(reference, folder, error);
  });
  await checkpoint.close();
  const tokenizer = join(found.path, 'tokenizer.json');
  if (!checkpoint.tokenizer && !(await statIfPresent(tokenizer))) {
    throw notCached(reference, folder);
  }
  return found;
}
