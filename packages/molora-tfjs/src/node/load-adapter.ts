/** An adapter from its folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSource, isAdapterFolder } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { StoredAdapter } from '../adapters/files.js';
import { readAdapterFiles } from '../adapters/read.js';

/**
 * Reads the adapter in a folder with `adapter_model.safetensors` and `adapter_config.json`, as a
 * training run or PEFT leaves it.
 *
 * @throws AlphaLoraError `NOT_FOUND` when the folder is no adapter's, else as `readAdapterFiles`
 */
export async function loadAdapter(
  folder: string,
  options: { signal?: AbortSignal } = {},
): Promise<StoredAdapter> {
  if (!(await isAdapterFolder(folder))) {
    const there = (await readdir(folder).catch(() => undefined))?.slice(0, 5).join(', ');
    throw new AlphaLoraError(
      'NOT_FOUND',
      there === undefined
        ? `${folder} is no folder; give the folder of an adapter`
        : `${folder}: it has no adapter_config.json and adapter_model.safetensors (but: ${there || 'nothing'}); give the folder of an adapter`,
      { details: { file: folder } },
    );
  }
  const opened: ByteSource[] = [];
  const open = async (name: string): Promise<ByteSource> => {
    const source = await fileSource(join(folder, name));
    opened.push(source);
    return source;
  };
  try {
    const config = await open('adapter_config.json');
    return await readAdapterFiles(
      { config, weights: await open('adapter_model.safetensors') },
      options,
    );
  } finally {
    await Promise.all(opened.map((source) => source.close?.()));
  }
}
