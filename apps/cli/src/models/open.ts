/**
 * Opens whatever `<model>` may name: a path, `hf://org/name[@revision][/subfolder]`, or the https://
 * address of a .safetensors file. What is needed for the last two is loaded when they are asked for.
 */
import { type Checkpoint, type Downloading, openCheckpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';

/** How a remote model is reached; plain data, so that it can go to other threads. */
export interface ModelAccess {
  /** Without any connection: from the hub's cache. */
  offline?: boolean;
  /** ETag, or time of the last change, that the file at an address must have. */
  validator?: string;
  /** A BigInt64 that counts the bytes that arrive. */
  received?: SharedArrayBuffer;
}

export interface ModelOptions extends ModelAccess {
  splitFused?: boolean;
  /** A LoRA adapter that is added: a folder, or a name on the hub. */
  adapter?: string;
  /** Keeps the files of a hub model in the hub's cache, and reads them from there. */
  download?: boolean;
  onDownload?: (progress: Downloading) => void;
  /** Is told what makes it wait. */
  onNotice?: (text: string) => void;
  signal?: AbortSignal;
}

export function isOnHub(model: string): boolean {
  return model.startsWith('hf://');
}

export function isAddress(model: string): boolean {
  return /^https?:\/\//i.test(model);
}

/**
 * @throws AlphaLoraError as `openCheckpoint`, `openHubCheckpoint` and `openUrlCheckpoint` do;
 *   `INVALID_OPTION` for other addresses, and options that do not go with the model
 */
export async function openModel(model: string, options: ModelOptions = {}): Promise<Checkpoint> {
  const { adapter, splitFused = false, signal } = options;
  if (!isOnHub(model) && !isAddress(model) && /^[a-z][a-z0-9+.-]*:\/\//i.test(model)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${model}: models are read from disk, hf://org/name and https://...; download it and give its folder`,
    );
  }
  if (isRemote(model, adapter)) {
    return (await import('./remote.js')).openRemoteModel(model, options);
  }
  if (options.download) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `--download goes with hf://, and ${model} is a path`,
    );
  }
  return openCheckpoint(model, {
    splitFused,
    ...(signal && { signal }),
    ...(adapter !== undefined && { adapter }),
  });
}

/** By what another thread opens the same model: the commit, not a branch that may move on. */
export function reopenable(model: string, { source }: Checkpoint): string {
  return isOnHub(model) ? source : model;
}

/**
 * How other threads reach the model that has been opened here, and count the bytes that arrive.
 *
 * @returns undefined for models on disk
 */
export function accessAgain(
  model: string,
  checkpoint: Checkpoint & { validator?: string },
  {
    adapter,
    offline = false,
    download = false,
  }: Pick<ModelOptions, 'adapter' | 'offline' | 'download'>,
): ModelAccess | undefined {
  if (!isRemote(model, adapter)) return undefined;
  const { validator } = checkpoint;
  return {
    // What was downloaded is in the cache.
    ...((offline || download) && { offline: true }),
    ...(validator !== undefined && { validator }),
    received: new SharedArrayBuffer(8),
  };
}

/** Bytes that have arrived in all threads. */
export function receivedBytes(access: ModelAccess | undefined): number {
  return access?.received ? Number(Atomics.load(new BigInt64Array(access.received), 0)) : 0;
}

function isRemote(model: string, adapter: string | undefined): boolean {
  return isOnHub(model) || isAddress(model) || (adapter !== undefined && isOnHub(adapter));
}
