/** Opens a LoRA adapter on disk: a folder as PEFT's `save_pretrained` writes it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AlphaLoraError, type ByteSource } from '@alphalora/contracts';
import { type Adapter, readAdapter } from '../adapter/read.js';
import { unsupported } from '../errors.js';
import { fileSource, ioError } from './file-source.js';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';

/**
 * Whether `openCheckpoint` takes the folder for an adapter: it has an adapter's two files, and no
 * model beside them. False for what is no folder.
 */
export async function isAdapterFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  const isModel = names.some((name) => /^model\.safetensors(\.index\.json)?$/.test(name));
  return names.includes(CONFIG) && names.includes(WEIGHTS) && !isModel;
}

/**
 * Opens an adapter and reads its header and configuration; its factors are read when they are asked
 * for, until `close()`.
 *
 * @param path a folder with `adapter_config.json` and `adapter_model.safetensors`
 * @throws AlphaLoraError as `readAdapter`; `NOT_FOUND` when the folder or a file of it does not
 *   exist, `IO_FAILED` when the operating system refuses to read
 */
export async function openAdapter(
  path: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Adapter> {
  const names = await readdir(path).catch((error: unknown) => {
    throw ioError(error, path, 'read');
  });
  if (!names.includes(WEIGHTS) && names.includes('adapter_model.bin')) {
    throw unsupported(
      'it holds adapter_model.bin but no safetensors file; save it with safe_serialization=True',
      { file: path },
    );
  }
  for (const name of [CONFIG, WEIGHTS]) {
    if (names.includes(name)) continue;
    throw new AlphaLoraError(
      'NOT_FOUND',
      `${path}: it has no ${name}; give the folder of an adapter that PEFT saved`,
      { details: { file: path } },
    );
  }
  const opened: ByteSource[] = [];
  try {
    const config = await fileSource(join(path, CONFIG));
    opened.push(config);
    const weights = await fileSource(join(path, WEIGHTS));
    opened.push(weights);
    const adapter = await readAdapter({ weights, config, name: path }, signal && { signal });
    await config.close?.();
    return adapter;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}
