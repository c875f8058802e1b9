/**
 * Extension point: where models come from, by the scheme of their address. A source opens models, and
 * adapters where it has any; what it needs of the network is settled when it asks for it.
 */
import type { HttpOptions } from '@alphalora/checkpoint/hub';
import type { Adapter, Checkpoint, Downloading } from '@alphalora/checkpoint/node';
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

interface ModelSourceOptions extends SourceOptions {
  readonly splitFused: boolean;
  /** Whose updates are added; the source takes it over, and closes it where it throws. */
  readonly adapter?: Adapter;
  /** ETag, or time of the last change, that a file without a version in its address must have. */
  readonly validator?: string;
}

export interface SourcedModel {
  readonly checkpoint: Checkpoint;
  /** The address of this version for ever, where the one that was given may move on. */
  readonly pinned?: string;
  /** What tells this version from later ones at the same address. */
  readonly validator?: string;
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
   * Opens a model and reads its headers, in each thread that reads weights.
   *
   * @throws AlphaLoraError `INVALID_OPTION` for what is no address of this source, `NOT_FOUND`,
   *   `IO_FAILED`, and as `readCheckpoint`
   */
  open(address: string, options: ModelSourceOptions): Promise<SourcedModel>;
  /** Opens a LoRA adapter; absent where there are none. */
  openAdapter?(address: string, options: SourceOptions): Promise<Adapter>;
}
