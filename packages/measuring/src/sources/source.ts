/**
 * Extension point: where models come from, by the scheme of their address. A source opens models, and
 * adapters where it has any; what it needs of the network is settled when it asks for it.
 */
import type { HttpOptions } from '@alphalora/checkpoint/hub';
import type { Adapter, Checkpoint, Downloading, Folder } from '@alphalora/checkpoint/node';
import type { ByteSource, CastType, SourceReference } from '@alphalora/contracts/weights';
import type { RemoteSettings } from '../models/environment.js';

/** What connections go through. */
export interface Network {
  readonly settings: RemoteSettings;
  /** Folder of the hub's cache. */
  readonly cache: string;
  /** Whether there are none: from the cache only. */
  readonly offline: boolean;
  /** A `fetch` through the proxies, counting what arrives. */
  readonly http: HttpOptions;
}

export interface SourceOptions {
  /** Keeps what is read in a cache. */
  readonly download: boolean;
  readonly onDownload?: (progress: Downloading) => void;
  readonly signal?: AbortSignal;
  network(): Promise<Network>;
}

/** Where the files of a model lie. */
export interface ModelOnDisk {
  /** A folder, or a file of weights. */
  readonly path: string;
  /** The address of this version for ever. */
  readonly source: string;
}

/** What is about to be downloaded. */
export interface DownloadStart {
  readonly files: number;
  /** Of them all together. */
  readonly bytes: number;
  /** Folder of the cache. */
  readonly folder: string;
}

interface OnDiskOptions extends Omit<SourceOptions, 'download'> {
  /** Before anything is downloaded. */
  readonly onStart?: (start: DownloadStart) => void;
}

interface ModelSourceOptions extends SourceOptions {
  readonly splitFused: boolean;
  /** What the weights are rounded to as they are read. */
  readonly cast?: CastType;
  /** Whose updates are added; the source takes it over, and closes it where it throws. */
  readonly adapter?: Adapter;
}

interface SourcedModel {
  readonly checkpoint: Checkpoint;
  /** The address of this version for ever, where the one that was given may move on. */
  readonly pinned?: string;
}

export interface ModelSource {
  /** What its addresses look like, for messages, such as `hf://org/name`. */
  readonly form: string;
  /**
   * Whether opening takes a connection. Where it does `unless cached`, models can be downloaded and
   * opened offline.
   */
  readonly connection: 'none' | 'unless cached' | 'always';
  /**
   * Opens a model and reads its headers.
   *
   * @throws AlphaLoraError `INVALID_OPTION` for what is no address of this source, `NOT_FOUND`,
   *   `IO_FAILED`, and as `readCheckpoint`
   */
  open(address: string, options: ModelSourceOptions): Promise<SourcedModel>;
  /**
   * Opens one of its files again, in a thread that reads weights of it, by a reference whose `kind` is
   * the name of this source. Where it is absent, the thread that opened the model measures it alone.
   *
   * @throws AlphaLoraError `IO_FAILED` when the file has been changed since
   */
  openFile?(file: SourceReference, network: () => Promise<Network>): Promise<ByteSource>;
  /** Lists the other files of a model, such as its tokenizer, and opens them; absent where a model is one file. */
  openFolder?(address: string, options: SourceOptions): Promise<Folder>;
  /**
   * Where the model lies on this machine with its tokenizer, after a download where that is needed; absent
   * where models are not kept.
   *
   * @throws AlphaLoraError as `open`
   */
  onDisk?(address: string, options: OnDiskOptions): Promise<ModelOnDisk>;
  /** Opens a LoRA adapter; absent where there are none. */
  openAdapter?(address: string, options: SourceOptions): Promise<Adapter>;
}
