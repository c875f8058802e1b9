/**
 * `model.safetensors.index.json` of a checkpoint in several files: `weight_map` names the file of
 * each tensor. It is input like any other, so it must not lead out of the checkpoint's folder.
 *
 * File names are plain. Symbolic links are followed wherever they lead, since the hub's cache is
 * made of links into a store of blobs: whoever can place links in the folder can place files too.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { invalid, quoted } from '../errors.js';
import { isObject, readJsonObject } from '../json.js';
import type { FileTensor } from '../tensors/weights.js';
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
  if (!isObject(map)) throw invalid('it has no weight_map from tensors to files', { file });
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
 * Checks that index and shards agree.
 *
 * @throws AlphaLoraError `NOT_FOUND` when a shard is missing, `INVALID_CHECKPOINT` when a tensor is
 *   in the index or in a shard only, or in another shard than the index says
 */
export function checkAgainstIndex(
  tensors: readonly FileTensor[],
  files: readonly ByteSource[],
  index: ShardIndex,
  indexName: string,
): void {
  const given = new Set(files.map(({ name }) => plainName(name)));
  for (const shard of new Set(index.values())) {
    if (!given.has(shard)) {
      throw new AlphaLoraError(
        'NOT_FOUND',
        `${indexName}: the file ${quoted(shard)} is missing; download it into the same folder`,
        { details: { file: shard } },
      );
    }
  }
  const found = new Set<string>();
  for (const { name, file } of tensors) {
    const shard = index.get(name);
    if (shard !== plainName(file)) {
      const claim = shard === undefined ? 'does not list it' : `puts it into ${quoted(shard)}`;
      throw invalid(`${indexName} ${claim}; index and shards are of different versions`, {
        file,
        tensor: name,
      });
    }
    found.add(name);
  }
  for (const [tensor, shard] of index) {
    if (!found.has(tensor)) {
      throw invalid(
        `${quoted(shard)} does not hold it; index and shards are of different versions`,
        {
          file: indexName,
          tensor,
        },
      );
    }
  }
}
