/**
 * Opens whatever `<model>` may name: a path, or an address of one of the sources, with an adapter of
 * the same or another source.
 */
import type { Adapter, Checkpoint, Downloading } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { sourceOf } from '../sources/index.js';
import { openNetwork } from '../sources/network.js';
import type { ModelSource, Network, SourcedModel, SourceOptions } from '../sources/source.js';
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
  /** Where the address that was given may move on, that of the version: of a model on the hub the commit. */
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

/**
 * @param model a path, or an address with the scheme of one of the `sources`
 * @throws AlphaLoraError as its source does; `NOT_FOUND` for an unknown scheme, `INVALID_OPTION` for
 *   options that do not go with the model
 */
export async function openModel(
  model: string,
  options: ModelOptions & ModelAccess = {},
): Promise<OpenedModel> {
  const { splitFused = false, download = false, onDownload, signal } = options;
  const { adapter: adapterName, validator } = options;
  const source = await sourceOf(model);
  const adapterSource = adapterName === undefined ? undefined : await sourceOf(adapterName);
  let settled: Promise<Network> | undefined;
  const network = (): Promise<Network> => {
    settled ??= openNetwork(options);
    return settled;
  };
  const connected = [source, adapterSource].some((each) => each && each.connection !== 'none');
  if (connected) requireConsistent(model, source, { download, ...(await network()) });
  else if (download) refuse(`--download goes with hf://, and ${model} is a path`);
  const given: SourceOptions = {
    download,
    network,
    ...(onDownload && { onDownload }),
    ...(signal && { signal }),
  };
  const adapter = adapterSource && (await openAdapter(adapterName!, adapterSource, given));
  const opened = await source.open(model, {
    ...given,
    splitFused,
    ...defined({ validator }),
    ...(adapter && { adapter }),
  });
  const { checkpoint } = opened;
  const adapterPinned = checkpoint.adapter?.source;
  const reference: ModelReference = {
    model: opened.pinned ?? model,
    splitFused,
    ...defined({ adapter: adapterPinned }),
    ...(connected && { access: accessAgain(opened, options, await network()) }),
  };
  return { checkpoint, name: model, reference, close: () => checkpoint.close() };
}

async function openAdapter(
  address: string,
  source: ModelSource,
  options: SourceOptions,
): Promise<Adapter> {
  if (source.openAdapter) return source.openAdapter(address, options);
  return refuse(
    `${address}: adapters are not read from ${source.form}; download it and give its folder`,
  );
}

/** @throws AlphaLoraError `INVALID_OPTION` */
function requireConsistent(
  model: string,
  { connection }: ModelSource,
  { offline, download }: Pick<Network, 'offline'> & { download: boolean },
): void {
  if (offline && download) {
    refuse('--download needs a connection: leave out --offline (or HF_HUB_OFFLINE)');
  }
  if (offline && connection === 'always') {
    refuse(`${model} needs a connection: download the file and give its path`);
  }
  if (download && connection !== 'unless cached') {
    refuse(`--download goes with hf://, not with ${model}`);
  }
}

function refuse(what: string): never {
  throw new AlphaLoraError('INVALID_OPTION', what);
}

/** How other threads reach the model that has been opened here, and count the bytes that arrive. */
function accessAgain(
  { validator }: SourcedModel,
  { offline = false, download = false }: ModelOptions,
  { settings }: Network,
): ModelAccess {
  return {
    // What was downloaded is in the cache.
    ...((offline || download) && { offline: true }),
    remote: settings,
    received: new SharedArrayBuffer(8),
    ...defined({ validator }),
  };
}

/** Bytes that have arrived in all threads. */
export function receivedBytes({ access }: ModelReference): number {
  return access?.received ? Number(Atomics.load(new BigInt64Array(access.received), 0)) : 0;
}
