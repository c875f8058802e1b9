/**
 * A model as files of safetensors, as `save_pretrained` names them, written tensor by tensor: of a
 * large tensor too, only a piece is in memory at a time.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorDescription } from '@alphalora/contracts/weights';
import { layOut } from '../formats/safetensors/serialize.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { fileError } from './file-error.js';

export interface WrittenTensor extends TensorDescription {
  /** The stored bytes, in order. */
  bytes(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

interface WritingOptions {
  /** Files grow no larger, but for a tensor that is larger itself. */
  maxShardBytes: number;
  signal?: AbortSignal;
  /** @param done bytes of all tensors together */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Writes into a folder that nobody else uses.
 *
 * @returns the names of the files, and the bytes of the tensors
 * @throws AlphaLoraError `IO_FAILED` when the operating system refuses
 */
export async function writeSafetensors(
  folder: string,
  tensors: readonly WrittenTensor[],
  { maxShardBytes, signal, onProgress }: WritingOptions,
): Promise<{ files: string[]; total: number }> {
  const shards = shardsOf(tensors, maxShardBytes);
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const files = shards.map((_, i) => fileName(i, shards.length));
  let done = 0;
  for (const [i, shard] of shards.entries()) {
    const path = join(folder, files[i]!);
    // Loaders of transformers ask for the framework that wrote the file.
    const { header, ordered } = layOut(shard, { format: 'pt' });
    const handle = await open(path, 'wx').catch((error: unknown) => {
      throw fileError(error, path, 'write');
    });
    const write = (bytes: Uint8Array): Promise<void> =>
      handle.writeFile(bytes).catch((error: unknown) => {
        throw fileError(error, path, 'write');
      });
    try {
      await write(header);
      for (const tensor of ordered) {
        for await (const bytes of tensor.bytes(signal)) {
          signal?.throwIfAborted();
          await write(bytes);
          done += bytes.byteLength;
          onProgress?.({ done, total });
        }
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  if (shards.length > 1) {
    const map = shards.flatMap((shard, i) => shard.map(({ name }) => [name, files[i]!] as const));
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(map.sort()) };
    const name = 'model.safetensors.index.json';
    const path = join(folder, name);
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(`${JSON.stringify(index, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    files.push(name);
  }
  return { files, total };
}

function fileName(i: number, count: number): string {
  const numbered = (value: number): string => String(value).padStart(5, '0');
  return count === 1
    ? 'model.safetensors'
    : `model-${numbered(i + 1)}-of-${numbered(count)}.safetensors`;
}

function bytesOf({ dtype, shape }: TensorDescription): number {
  return storedBytes(dtype, elementCount(shape));
}

function shardsOf(tensors: readonly WrittenTensor[], most: number): WrittenTensor[][] {
  const shards: WrittenTensor[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const tensor of tensors) {
    const own = bytesOf(tensor);
    if (size + own > most) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(tensor);
    size += own;
  }
  return shards;
}
