/**
 * Opens whatever `<model>` may name: a path, `hf://org/name[@revision][/subfolder]`, or the https://
 * address of a .safetensors file. What is needed for the last two is loaded when they are asked for.
 */
import { type Checkpoint, type Downloading, openCheckpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { RemoteSettings } from './environment.js';

/** How a remote model is reached by other threads; plain data. */
export interface ModelAccess {
  /** Without any connection: from the hub's cache. */
  offline?: boolean;
  remote?: RemoteSettings;
  /** ETag, or time of the last change, that the file at an address must have. */
  validator?: string;
  /** A BigInt64 that counts the bytes that arrive. */
  received?: SharedArrayBuffer;
}

/** By what other threads open a model again. */
export interface ModelReference {
  /** Of a model on the hub the commit, not a branch that may move on. */
  model: string;
  adapter?: string;
  splitFused: boolean;
  /** Absent for models on disk. */
  access?: ModelAccess;
}

export interface ModelOptions {
  /** Takes fused projections (`c_attn`, `qkv_proj`, `gate_up_proj`) apart. @default false */
  splitFused?: boolean;
  /** A LoRA adapter that is added: a folder, or a name on the hub. */
  adapter?: string;
  /** Without any connection: from the hub's cache. @default false */
  offline?: boolean;
  /** Keeps the files of a hub model in the hub's cache, and reads them from there. @default false */
  download?: boolean;
  /** How the hub and addresses are reached; asked for when the model is not on this machine. */
  remote?: RemoteSettings | (() => Promise<RemoteSettings>);
  onDownload?: (progress: Downloading) => void;
  /** Is told what makes it wait. */
  onNotice?: (text: string) => void;
  signal?: AbortSignal;
}

export interface OpenedModel {
  readonly checkpoint: Checkpoint;
  /** As it was named. */
  readonly name: string;
  readonly reference: ModelReference;
  close(): Promise<void>;
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
export async function openModel(
  model: string,
  options: ModelOptions & ModelAccess = {},
): Promise<OpenedModel> {
  const { adapter, splitFused = false, signal } = options;
  if (!isOnHub(model) && !isAddress(model) && /^[a-z][a-z0-9+.-]*:\/\//i.test(model)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${model}: models are read from disk, hf://org/name and https://...; download it and give its folder`,
    );
  }
  if (isRemote(model, adapter)) {
    const remote = await settled(options.remote);
    const { openRemoteModel } = await import('./remote.js');
    const checkpoint = await openRemoteModel(model, { ...options, remote });
    return opened(model, checkpoint, splitFused, accessAgain(checkpoint, { ...options, remote }));
  }
  if (options.download) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `--download goes with hf://, and ${model} is a path`,
    );
  }
  const checkpoint = await openCheckpoint(model, {
    splitFused,
    ...(signal && { signal }),
    ...defined({ adapter }),
  });
  return opened(model, checkpoint, splitFused);
}

function opened(
  name: string,
  checkpoint: Checkpoint,
  splitFused: boolean,
  access?: ModelAccess,
): OpenedModel {
  const adapter = checkpoint.adapter?.source;
  const reference: ModelReference = {
    model: isOnHub(name) ? checkpoint.source : name,
    splitFused,
    ...defined({ adapter }),
    ...(access && { access }),
  };
  return { checkpoint, name, reference, close: () => checkpoint.close() };
}

/** How other threads reach the model that has been opened here, and count the bytes that arrive. */
function accessAgain(
  { validator }: Checkpoint & { validator?: string },
  { offline = false, download = false, remote }: ModelOptions & { remote: RemoteSettings },
): ModelAccess {
  return {
    // What was downloaded is in the cache.
    ...((offline || download) && { offline: true }),
    remote,
    received: new SharedArrayBuffer(8),
    ...defined({ validator }),
  };
}

/** Bytes that have arrived in all threads. */
export function receivedBytes({ access }: ModelReference): number {
  return access?.received ? Number(Atomics.load(new BigInt64Array(access.received), 0)) : 0;
}

async function settled(remote: ModelOptions['remote'] = {}): Promise<RemoteSettings> {
  return typeof remote === 'function' ? remote() : remote;
}

function isRemote(model: string, adapter: string | undefined): boolean {
  return isOnHub(model) || isAddress(model) || (adapter !== undefined && isOnHub(adapter));
}
