/**
 * Opens whatever `<model>` may name: a path, or an address of one of the sources, with an adapter of
 * the same or another source.
 */
import { subtractBase } from '@alphalora/checkpoint/differences';
import type { Adapter, Checkpoint, Downloading, Folder } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { CastType } from '@alphalora/contracts/weights';
import { sourceOf } from '../sources/index.js';
import { openNetwork } from '../sources/network.js';
import type { ModelSource, Network, SourceOptions } from '../sources/source.js';
import type { ModelAccess } from './access.js';
import type { RemoteSettings } from './environment.js';

/** By what workers elsewhere open the model for themselves. */
export interface ModelReference {
  /** Where the address that was given may move on, that of the version: of a model on the hub the commit. */
  model: string;
  adapter?: string;
  splitFused: boolean;
  cast?: CastType;
}

export interface ModelOptions {
  /** Takes fused projections (`c_attn`, `qkv_proj`, `gate_up_proj`) apart. @default false */
  splitFused?: boolean;
  /**
   * Rounds the weights of the model to this type as they are read, before an adapter is added.
   * @default as they are stored
   */
  cast?: CastType;
  /** A LoRA adapter that is added: a folder, or a name on the hub. */
  adapter?: string;
  /**
   * A model whose weights are taken away, as in `source`: what is measured is W - W_base, in the format and
   * precision that each is stored in. Not with `adapter`.
   */
  base?: string;
  /** Without any connection: from the hub's cache. @default false */
  offline?: boolean;
  /** Keeps the files of a hub model in the hub's cache, and reads them from there. @default false */
  download?: boolean;
  /** How the hub and addresses are reached; asked for when the model is not on this machine. */
  remote?: RemoteSettings | (() => Promise<RemoteSettings>);
  onDownload?: (progress: Downloading) => void;
  /** Is told what makes it wait, and what the model's files leave to be said. */
  onNotice?: (text: string) => void;
  signal?: AbortSignal;
}

export interface OpenedModel {
  readonly checkpoint: Checkpoint;
  /** As it was named. */
  readonly name: string;
  readonly reference: ModelReference;
  /**
   * The other files of the version that is open, such as its tokenizer.
   *
   * @throws AlphaLoraError `INVALID_OPTION` where its source has single files only
   */
  folder(): Promise<Folder>;
  /** How other threads reach its files. */
  readonly access: ModelAccess;
  close(): Promise<void>;
}

/**
 * @param model a path, or an address with the scheme of one of the `sources`
 * @throws AlphaLoraError as its source does; `NOT_FOUND` for an unknown scheme, `INVALID_OPTION` for
 *   options that do not go with the model
 */
export async function openModel(model: string, options: ModelOptions = {}): Promise<OpenedModel> {
  const { splitFused = false, cast, download = false, onDownload, signal } = options;
  const { adapter: adapterName, base: baseName } = options;
  if (cast !== undefined && baseName !== undefined) {
    refuse('weights are not cast where a base is taken away: both are read as they are stored');
  }
  if (adapterName !== undefined && baseName !== undefined) {
    refuse(
      'an adapter is not added where a base is taken away: the updates alone are measured of the adapter itself',
    );
  }
  const received = new SharedArrayBuffer(8);
  const source = await sourceOf(model);
  const adapterSource = adapterName === undefined ? undefined : await sourceOf(adapterName);
  const baseSource = baseName === undefined ? undefined : await sourceOf(baseName);
  let settled: Promise<Network> | undefined;
  const network = (): Promise<Network> => {
    settled ??= openNetwork({ ...options, received });
    return settled;
  };
  const connected = [source, adapterSource, baseSource].some(
    (each) => each && each.connection !== 'none',
  );
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
    ...defined({ cast, adapter }),
  });
  const checkpoint = baseSource
    ? await withoutBase(opened.checkpoint, () =>
        baseSource.open(baseName!, { ...given, splitFused }),
      )
    : opened.checkpoint;
  for (const note of checkpoint.notes) options.onNotice?.(`note: ${note}`);
  const adapterPinned = checkpoint.adapter?.source;
  const reference: ModelReference = {
    model: opened.pinned ?? model,
    splitFused,
    ...defined({ adapter: adapterPinned, cast }),
  };
  const access = connected ? { remote: (await network()).settings, received } : {};
  const folder = (): Promise<Folder> =>
    source.openFolder?.(opened.pinned ?? model, given) ??
    refuse(`${model}: of ${source.form} only single files are read; download the folder`);
  return { checkpoint, name: model, reference, access, folder, close: () => checkpoint.close() };
}

/** The checkpoint less its base; where there is none, it is closed. */
async function withoutBase(
  checkpoint: Checkpoint,
  open: () => Promise<{ checkpoint: Checkpoint }>,
): Promise<Checkpoint> {
  const opened = [checkpoint];
  try {
    const { checkpoint: base } = await open();
    opened.push(base);
    return subtractBase(checkpoint, base);
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
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

/** Bytes that have arrived in all threads. */
export function receivedBytes({ access: { received } }: OpenedModel): number {
  return received ? Number(Atomics.load(new BigInt64Array(received), 0)) : 0;
}
