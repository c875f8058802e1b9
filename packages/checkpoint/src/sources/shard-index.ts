/**
 * `model.safetensors.index.json` of a checkpoint in several files: `weight_map` names the file of
 * each tensor. It is input like any other, so it must not lead out of the checkpoint's folder.
 *
 * File names are plain. Symbolic links are followed wherever they lead, since the hub's cache is
 * made of links into a store of blobs: whoever can place links in the folder can place files too.
 */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { invalid, quoted } from '../errors.js';
import { isObject, readJsonObject } from '../json.js';
import { setting } from '../naming/config.js';
import { identify, type ModelConfig } from '../naming/index.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import { isPlainName, plainName } from './plain-name.js';

/** Indexes of the largest public models have 10 MB. */
const MAX_INDEX_BYTES = 100_000_000;

/** File name of each tensor. */
export type ShardIndex = ReadonlyMap<string, string>;

/** @throws AlphaLoraError `INVALID_CHECKPOINT` when it is malformed or leads out of its folder */
export async function readShardIndex(
  source: ByteSource,
  { signal, onNote }: { signal?: AbortSignal | undefined; onNote?: (note: string) => void } = {},
): Promise<ShardIndex> {
  const { name: file } = source;
  const { weight_map: map } = await readJsonObject(source, MAX_INDEX_BYTES, {
    signal,
    dialect: 'python',
    ...(onNote && { onNote }),
  });
  if (!isObject(map)) {
    throw invalid(
      'it has no weight_map from tensors to files, as an index has; give the folder that it lies in',
      { file },
    );
  }
  const index = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== 'string') {
      throw invalid('weight_map does not name its file by a text', { file, tensor });
    }
    if (!isPlainName(shard)) {
      throw invalid(
        `weight_map puts it into ${quoted(shard)}, which is no plain file name; shards lie beside the index`,
        { file, tensor },
      );
    }
    index.set(tensor, shard);
  }
  if (index.size === 0) throw invalid('its weight_map is empty', { file });
  return index;
}

/**
 * Whether a JSON file, whatever it is called, lists some of these files as an index does.
 *
 * @throws what the source throws
 */
export async function listsAny(
  files: readonly string[],
  source: ByteSource,
  signal?: AbortSignal,
): Promise<boolean> {
  const options = { signal, dialect: 'python' } as const;
  const json = await readJsonObject(source, MAX_INDEX_BYTES, options).catch((error: unknown) => {
    if (isAlphaLoraError(error, 'INVALID_CHECKPOINT')) return {};
    throw error;
  });
  const { weight_map: map } = json as Readonly<Record<string, unknown>>;
  if (!isObject(map)) return false;
  // Also by a path, which is refused with the reason when the index is read.
  return Object.values(map).some(
    (name) => typeof name === 'string' && files.includes(plainName(name)),
  );
}

/**
 * Checks that index and shards agree as far as the model is read right: each tensor that the index names
 * is in its shard, or in none. Such as no shard has are usually tied to others, and were left out when the
 * model was saved.
 *
 * @returns notes on what only one of them names
 * @throws AlphaLoraError `NOT_FOUND` when a shard is missing, `INVALID_CHECKPOINT` when a tensor is in
 *   another shard than the index says, or a shard holds none of those that it should
 */
export function checkAgainstIndex(
  tensors: readonly FileTensor[],
  files: readonly ByteSource[],
  {
    index,
    name: path,
    config,
  }: { index: ShardIndex; name: string; config?: ModelConfig | undefined },
): string[] {
  const given = new Set(files.map(({ name }) => plainName(name)));
  for (const shard of new Set(index.values())) {
    if (!given.has(shard)) {
      throw new AlphaLoraError(
        'NOT_FOUND',
        `${path}: the file ${quoted(shard)} is missing; download it into the same folder`,
        { details: { file: shard } },
      );
    }
  }
  const found = new Set<string>();
  const unlisted: string[] = [];
  for (const { name, file } of tensors) {
    const shard = index.get(name);
    if (shard === undefined) unlisted.push(name);
    else if (shard !== plainName(file)) {
      throw invalid(
        `${plainName(path)} puts it into ${quoted(shard)}; index and shards are of different versions`,
        { file, tensor: name },
      );
    }
    found.add(name);
  }
  const absent = [...index.keys()].filter((name) => !found.has(name));
  checkShards(index, found, path);
  const file = plainName(path);
  return [
    ...(unlisted.length > 0
      ? [`${file} does not list ${tensorsIn(unlisted)}, which its files hold`]
      : []),
    ...(absent.length > 0
      ? [`${file} lists ${tensorsIn(absent)}, which no file holds${absenceOf(absent, config)}`]
      : []),
  ];
}

/** @throws AlphaLoraError when a shard holds nothing that the index puts into it */
function checkShards(index: ShardIndex, found: ReadonlySet<string>, path: string): void {
  const held = new Map<string, { all: number; found: number }>();
  for (const [tensor, shard] of index) {
    const counts = held.get(shard) ?? { all: 0, found: 0 };
    counts.all++;
    if (found.has(tensor)) counts.found++;
    held.set(shard, counts);
  }
  for (const [shard, counts] of held) {
    if (counts.found > 0) continue;
    throw invalid(
      `${quoted(shard)} holds none of the ${counts.all} tensors that it puts there; index and shards are of different versions`,
      { file: path },
    );
  }
}

function tensorsIn(names: readonly string[]): string {
  const some = names.slice(0, 3).map(quoted).join(', ') + (names.length > 3 ? ', ...' : '');
  return names.length === 1 ? some : `${names.length} tensors (${some})`;
}

/** What it means that no file holds tensors; transformers ties heads unless a configuration says otherwise. */
function absenceOf(names: readonly string[], config: ModelConfig | undefined): string {
  const isHead = (name: string): boolean => identify(name, [1, 1], config).kind === 'head';
  if (!names.every(isHead)) return ': the model may be incomplete';
  switch (config && setting(config, 'tie_word_embeddings')) {
    case true:
      return ': the head is tied to the embedding';
    case false:
      return ': its configuration does not tie the head to the embedding, and the model may be incomplete';
    default:
      return ': the head is taken to be tied to the embedding';
  }
}
