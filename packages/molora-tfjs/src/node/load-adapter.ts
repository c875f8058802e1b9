/** An adapter from its folder or file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fileSource,
  isAdapterFolder,
  openAdapter,
  statIfPresent,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { StoredAdapter } from '../adapters/files.js';
import { importPeft } from '../adapters/peft.js';
import { readAdapterFiles } from '../adapters/read.js';

/**
 * Reads the adapter in a folder with `adapter_model.safetensors` and `adapter_config.json`, as a
 * training run or PEFT leaves it; or an adapter of another program, by its folder or file, see
 * `openAdapter` of `@alphalora/checkpoint`. One of the released MoLA or AlphaLoRA code keeps its experts.
 *
 * @throws AlphaLoraError `NOT_FOUND` when the folder is no adapter's, else as `readAdapterFiles`
 */
export async function loadAdapter(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<StoredAdapter> {
  const names = await readdir(path).catch(() => undefined);
  if (names && CONFIG_AND_WEIGHTS.every((name) => names.includes(name))) {
    return ourFiles(path, options);
  }
  if (!names ? !(await statIfPresent(path))?.isFile() : !(await isAdapterFolder(path))) {
    const there = names?.slice(0, 5).join(', ');
    const missing = CONFIG_AND_WEIGHTS.filter((name) => !names?.includes(name)).join(' and ');
    throw new AlphaLoraError(
      'NOT_FOUND',
      there === undefined
        ? `${path} is no folder; give the folder of an adapter`
        : `${path}: it has no ${missing} (but: ${there || 'nothing'}); give the folder of an adapter`,
      { details: { file: path } },
    );
  }
  const adapter = await openAdapter(path, { ...options, expert: 'each' });
  try {
    return await importPeft(adapter, options);
  } finally {
    await adapter.close();
  }
}

const CONFIG_AND_WEIGHTS = ['adapter_config.json', 'adapter_model.safetensors'] as const;

async function ourFiles(folder: string, options: { signal?: AbortSignal }): Promise<StoredAdapter> {
  const opened: ByteSource[] = [];
  const open = async (name: string): Promise<ByteSource> => {
    const source = await fileSource(join(folder, name));
    opened.push(source);
    return source;
  };
  try {
    const [config, weights] = CONFIG_AND_WEIGHTS;
    return await readAdapterFiles(
      { config: await open(config), weights: await open(weights) },
      options,
    );
  } finally {
    await Promise.all(opened.map((source) => source.close?.()));
  }
}
